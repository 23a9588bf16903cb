/** `npm run conformance`: compares keras-serve with real Keras, and writes docs/conformance.md. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ApplicationResult, runApplication, throughHdf5 } from './applications.js';
import { runLayers } from './layers.js';
import { type PublishedResult, runPublished } from './published.js';
import { findPython } from './python.js';
import { type Catalogue, writeReport } from './report.js';
import { tensorflowName } from './tensorflow.js';

const usage = `npm run conformance -- [options]

  --python <path>        a Python with what conformance/requirements.txt pins; by default one is made in conformance/.venv
  --only <name,name>     these applications alone; what is known of the others stays in the report
  --missing              the applications alone that have no result, or a bad one
  --layers               the layers alone
  --by-name              the applications by name alone
  --help                 this`;

const results = join(import.meta.dirname, 'applications.json');
const published = join(import.meta.dirname, 'published.json');

const readResults = <T>(file: string): T[] => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []);

/** Puts a result in the place of the one before, or at the end. */
function keep<T>(file: string, known: T[], result: T, isSame: (other: T) => boolean): void {
  const index = known.findIndex(isSame);
  known.splice(index < 0 ? known.length : index, 1, result);
  writeFileSync(file, `${JSON.stringify(known, null, 1)}\n`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      python: { type: 'string' },
      only: { type: 'string' },
      missing: { type: 'boolean' },
      layers: { type: 'boolean' },
      'by-name': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const python = await findPython(values.python);
  const catalogue: Catalogue = JSON.parse(await python('catalogue.py'));
  const only = values.only?.split(',');
  const unknown = only?.filter((name) => !catalogue.applications.includes(name)) ?? [];
  if (unknown.length) throw new Error(`keras.applications has no ${unknown.join(', ')}.`);

  const known = readResults<ApplicationResult>(results);
  const byName = readResults<PublishedResult>(published);
  const wanted = (name: string, container: string) =>
    !values.layers &&
    !values['by-name'] &&
    (only ? only.includes(name) : true) &&
    !(values.missing && known.some((row) => row.name === name && row.container === container && !row.failed));
  const runs = catalogue.applications.flatMap((name) =>
    (throughHdf5.includes(name) ? (['.keras', '.h5'] as const) : (['.keras'] as const)).map((container) => ({
      name,
      container,
    })),
  );
  for (const { name, container } of runs.filter(({ name, container }) => wanted(name, container))) {
    const result = await runApplication(name, container, python);
    const said =
      result.failed ?? `error ${result.error?.toExponential(1)}, ${result.errorInPython?.toExponential(1)} in Python`;
    console.log(`${name} ${container}: ${said}`);
    keep(results, known, result, (row) => row.name === name && row.container === container);
  }
  const named = catalogue.applications.filter(
    (name) =>
      !values.layers &&
      (only ? only.includes(name) : true) &&
      !(values.missing && byName.some((row) => row.name === name && !row.failed)),
  );
  for (const name of named) {
    const result = await runPublished(name, python);
    console.log(`${name} by name: ${result.failed ?? `error ${result.error?.toExponential(1)}`}`);
    keep(published, byName, result, (row) => row.name === name);
  }
  const layers = await runLayers();
  writeReport(catalogue, layers, known, byName, await tensorflowName());
  const failures = [...layers.flatMap(({ failed }) => failed), ...[...known, ...byName].filter(({ failed }) => failed)]
    .length;
  console.log(failures ? `${failures} answers are not Keras's: see docs/conformance.md.` : "Every answer is Keras's.");
  return failures ? 1 : 0;
}

process.exitCode = await main();
