import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/support/package.js';

/** Runs the built command until it ends. */
async function run(args: readonly string[], environment: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, [join(packageRoot, 'dist/src/cli.js'), ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'exit');
}

/** Serves a model by the built code until it is ready, and ends. */
async function serve(model: string, cacheFolder: string, environment: Record<string, string>): Promise<void> {
  const args = [join(packageRoot, 'dist/src/cli.js'), model, '--port', '0', '--log-format', 'json'];
  const server = spawn(process.execPath, [...args, '--cache-folder', cacheFolder], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  for await (const line of createInterface(server.stdout)) if (line.includes('"url":"http://')) server.kill('SIGTERM');
  await ended;
}

/** The files of the built code that processes ran, as V8 noted them in a folder. */
function filesIn(folder: string): Set<string> {
  const built = join(packageRoot, 'dist');
  const notes = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const urls = notes.flatMap(({ result }: { result: { url: string }[] }) => result.map(({ url }) => url));
  const files = urls.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
  return new Set(files.filter((file) => file.startsWith(built)));
}

/**
 * The sources whose code the built server and its processes load to serve a model that is compiled already, by their paths in the
 * project.
 * @param cacheFolder for the compiled model; it is compiled there first
 */
export async function loadedSources(model: string, cacheFolder: string): Promise<string[]> {
  await serve(model, cacheFolder, {});
  return sourcesOf(cacheFolder, (environment) => serve(model, cacheFolder, environment));
}

/** The same of a command of the built command line. */
export const sourcesOfCommand = (args: readonly string[], folder: string): Promise<string[]> =>
  sourcesOf(folder, (environment) => run(args, environment));

/** @param work starts the processes @param within a folder for what V8 notes */
async function sourcesOf(
  within: string,
  work: (environment: Record<string, string>) => Promise<void>,
): Promise<string[]> {
  const folder = mkdtempSync(join(within, 'loaded-'));
  try {
    await work({ NODE_V8_COVERAGE: folder });
    const sources = [...filesIn(folder)].flatMap((file) => {
      const { sources } = JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { sources: string[] };
      return sources.map((source) => relative(packageRoot, resolve(dirname(file), source)));
    });
    return [...new Set(sources)].sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
