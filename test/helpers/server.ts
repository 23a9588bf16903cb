import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from './app.js';

/** Has Node check replies, where this module is JavaScript already. */
const checker = new URL('checked-replies.js', import.meta.url);
const checks = existsSync(checker) ? [`--import=${checker}`] : [];

/** Milliseconds after which a line that hasn't come is taken for one that never will: a run of all tests would stand still. */
const patience = 180_000;

/** How a process ended, and what it wrote. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A process of the built command line. */
export interface Cli {
  child: ChildProcess;
  /** Lines of standard output so far. */
  lines: string[];
  /** The first line that holds a text, once it comes; rejects when the process ends without. */
  line(text: string): Promise<string>;
  ended: Promise<Ended>;
}

/**
 * Runs the built command line. It is killed when the test ends.
 * @param through a command that runs the one behind it: `['setpriv', '--reuid=65534']`
 */
export function runCli(
  t: TestContext,
  args: string[],
  environment: Record<string, string> = {},
  root = packageRoot,
  through: readonly string[] = [],
): Cli {
  const cli = join(root, 'dist', 'src', 'cli.js');
  assert.ok(existsSync(cli), 'the build is missing: npm run build');
  const { PORT: _port, ...inherited } = process.env;
  const [program, ...rest] = [...through, process.execPath, ...checks, cli, ...args] as [string, ...string[]];
  const child = spawn(program, rest, { cwd: packageRoot, env: { ...inherited, ...environment } });
  t.after(() => child.kill('SIGKILL'));

  const lines: string[] = [];
  const reader = createInterface(child.stdout);
  reader.on('line', (line) => lines.push(line));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout: lines.join('\n'), stderr }));
  });
  const line = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const look = (line: string) => line.includes(text) && resolve(line);
      lines.forEach(look);
      reader.on('line', look);
      ended.then(({ code }) => reject(new Error(`ended with ${code} before "${text}": ${stderr}`)));
      const last = () => new Error(`no line has "${text}"; the last ones are\n${lines.slice(-5).join('\n')}`);
      setTimeout(() => reject(last()), patience).unref();
    });
  return { child, lines, line, ended };
}

/** The built server, with the bundled model unless another is named, listening. */
export async function startServer(
  t: TestContext,
  args: string[] = [],
  model = bundledModel,
  environment: Record<string, string> = {},
): Promise<Cli & { url: string }> {
  const server = runCli(t, [model, '--port', '0', '--log-format', 'json', ...args], environment);
  const { url } = JSON.parse(await server.line('"url":"http'));
  return { ...server, url };
}
