import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const folder = import.meta.dirname;
const limit = 256 * 1024 * 1024;

/** Runs a script of this folder, and gives what it printed. */
export type Python = (script: string, ...args: string[]) => Promise<string>;

/** The last lines of what a program said when it failed. */
function lastWords(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim().split('\n').slice(-3).join(' ') || message).slice(0, 500);
}

/**
 * Python with what `requirements.txt` pins.
 *
 * @param given an interpreter that has it; without one, a virtual environment in `.venv` is made once
 */
export async function findPython(given: string | undefined): Promise<Python> {
  const python = given ?? (await virtualEnvironment());
  return async (script, ...args) => {
    try {
      const { stdout } = await run(python, [join(folder, script), ...args], { maxBuffer: limit });
      return stdout;
    } catch (error) {
      throw new Error(`${script}: ${lastWords(error)}`);
    }
  };
}

async function virtualEnvironment(): Promise<string> {
  const home = join(folder, '.venv');
  const python = join(home, 'bin', 'python');
  const ready = join(home, 'ready');
  if (existsSync(ready)) return python;
  console.log(`Installing real Keras into ${home} (about 1.5 GB) …`);
  try {
    await run('python3', ['-m', 'venv', home]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '-r', join(folder, 'requirements.txt')], {
      maxBuffer: limit,
    });
  } catch (error) {
    throw new Error(
      `Python 3.11 with what conformance/requirements.txt names is needed, and could not be made: ${lastWords(error)}. ` +
        'Make it yourself and name it with --python.',
    );
  }
  await run('touch', [ready]);
  return python;
}
