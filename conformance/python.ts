import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const limit = 256 * 1024 * 1024;

/** Runs a script of the folder, or with `-m` a module, and gives what it printed. */
export type Python = (script: string, ...args: string[]) => Promise<string>;

/** The last lines of what a program said when it failed. */
function lastWords(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim().split('\n').slice(-3).join(' ') || message).slice(0, 500);
}

/** What scripts need. */
export interface Needs {
  /** Where they are, with their `requirements.txt`. */
  folder: string;
  /** What the requirements are, for people. */
  what: string;
  /** Where the scripts leave what they leave; here by default. */
  workingFolder?: string;
}

const keras: Needs = { folder: import.meta.dirname, what: 'real Keras (about 1.5 GB)' };

/**
 * Python with what the `requirements.txt` of a folder pins.
 *
 * @param given an interpreter that has it; without one, a virtual environment in `.venv` is made once
 */
export async function findPython(given: string | undefined, needs = keras): Promise<Python> {
  const { folder } = needs;
  const python = given ? resolve(given) : await virtualEnvironment(needs);
  return async (script, ...args) => {
    try {
      const program = script.startsWith('-') ? [script] : [join(folder, script)];
      const { stdout } = await run(python, [...program, ...args], { maxBuffer: limit, cwd: needs.workingFolder });
      return stdout;
    } catch (error) {
      throw new Error(`${script}: ${lastWords(error)}`);
    }
  };
}

async function virtualEnvironment({ folder, what }: Needs): Promise<string> {
  const home = join(folder, '.venv');
  const python = join(home, 'bin', 'python');
  const ready = join(home, 'ready');
  if (existsSync(ready)) return python;
  console.log(`Installing ${what} into ${home} …`);
  try {
    await run('python3', ['-m', 'venv', home]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '-r', join(folder, 'requirements.txt')], {
      maxBuffer: limit,
    });
  } catch (error) {
    throw new Error(
      `Python 3.11 with what ${relative(process.cwd(), join(folder, 'requirements.txt'))} names is needed, and could not be made: ${lastWords(error)}. ` +
        'Make it yourself and name it with --python.',
    );
  }
  await run('touch', [ready]);
  return python;
}
