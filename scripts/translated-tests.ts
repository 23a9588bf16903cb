import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';

/** Where TypeScript lies that tests import, the tests among it. */
const folders = ['src', 'plugins', 'schemas', 'test', 'scripts', 'bench', 'conformance', 'examples', 'models'];

/** TypeScript below a folder; all else is linked to from the same place below `into`. */
function filesOf(root: string, folder: string, into: string): string[] {
  mkdirSync(join(into, folder), { recursive: true });
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return filesOf(root, path, into);
    if (entry.name.endsWith('.ts')) return [path];
    symlinkSync(join(root, path), join(into, path));
    return [];
  });
}

/**
 * Translates the tests, and the modules that they import, to JavaScript at once: a process that does so for itself takes a
 * second of the processor's time, and there are hundreds of them. Processes that the tests start are those of the build.
 * @returns the folder in which all lies as in the root
 */
export async function translateTests(root: string): Promise<string> {
  const into = join(root, 'dist/tests');
  rmSync(into, { recursive: true, force: true });
  const entryPoints = folders.flatMap((folder) => filesOf(root, folder, into));
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir: relative(root, into),
    outbase: '.',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
  return into;
}
