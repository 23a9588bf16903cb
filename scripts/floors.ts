/**
 * The rooms of the house and who may import from whom, checked by `npm run check`: a room imports from the floors below its own
 * alone, rooms of one floor know nothing of each other, and no files import each other in a circle. ARCHITECTURE.md says what
 * lives in each, in the same order.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import ts from 'typescript';
import { packageRoot } from '../src/support/package.js';

/** From the top floor down; a room is a folder with all that is in it, or a file. */
const floors: readonly (readonly string[])[] = [
  ['src/cli.ts'],
  ['src/commands'],
  ['src/index.ts', 'src/plugin.ts'],
  ['src/app.ts'],
  ['src/options.ts'],
  ['plugins'],
  ['src/http'],
  ['src/jobs'],
  ['src/protocols'],
  ['src/serving'],
  ['src/catalog'],
  ['src/monitoring'],
  ['src/cards'],
  ['src/datapoints'],
  ['src/applications'],
  ['src/inference'],
  ['src/onnx', 'src/tensorflow'],
  ['src/keras', 'src/images', 'src/json', 'src/strings', 'schemas'],
  ['src/keys', 'src/pickle', 'src/python', 'src/settings'],
  ['src/support'],
];

const files = ['src', 'plugins', 'schemas'].flatMap((folder) =>
  readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`),
);

const roomOf = (file: string): { floor: number; room: string } => {
  const found = floors.flatMap((rooms, floor) =>
    rooms.filter((room) => file === room || file.startsWith(`${room}/`)).map((room) => ({ floor, room })),
  );
  if (found.length !== 1) throw new Error(`${file} is in no room: move it, or add its room to the floors`);
  return found[0]!;
};

/** The files of ours that a file imports, types too. */
const importsOf = (file: string): string[] =>
  ts
    .preProcessFile(readFileSync(join(packageRoot, file), 'utf8'))
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.') && name.endsWith('.js'))
    .map((name) => normalize(join(dirname(file), name)).replace(/\.js$/, '.ts'));

const imports = new Map(files.map((file) => [file, importsOf(file)]));
const faults: string[] = [];
for (const [file, names] of imports) {
  const from = roomOf(file);
  for (const name of names) {
    const to = roomOf(name);
    if (to.room !== from.room && to.floor <= from.floor)
      faults.push(`${file} imports ${name}, which is no floor below`);
  }
}

const done = new Set<string>();
function findCircle(file: string, path: readonly string[]): void {
  if (path.includes(file)) faults.push(`a circle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`);
  if (done.has(file) || path.includes(file)) return;
  for (const name of imports.get(file) ?? []) findCircle(name, [...path, file]);
  done.add(file);
}
for (const file of files) findCircle(file, []);

const [, section = ''] = readFileSync(join(packageRoot, 'ARCHITECTURE.md'), 'utf8').split('\n## The rooms\n');
const rows = section.split('\n## ', 1)[0]!.matchAll(/^\| (`.*?`) \|/gm);
const documented = Array.from(rows, ([, rooms]) => rooms!.slice(1, -1).split('`, `'));
if (!isDeepStrictEqual(documented, floors)) faults.push('ARCHITECTURE.md has other rooms than scripts/floors.ts');

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
