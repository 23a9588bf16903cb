/**
 * Compares what a table's columns cost to scale and encode with scikit-learn's own `transform` of the same fitted object.
 * `docs/benchmarks.md` says how to read it.
 *
 *     npm run bench:transform -- --python .venv      an environment with scikit-learn and pandas
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { readFitted, transform } from '../src/pickle/fitted.js';
import { readPickle } from '../src/pickle/read-pickle.js';
import type { Column } from '../src/pickle/transformer.js';
import { packageRoot } from '../src/support/package.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: '.venv' },
    rows: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '15' },
  },
});
const work = mkdtempSync(join(tmpdir(), 'keras-serve-transform-'));
const measured = { own: [] as number[], scikitLearn: [] as number[] };
try {
  const python = () =>
    JSON.parse(
      execFileSync(
        join(values.python, 'bin/python'),
        [join(packageRoot, 'bench/transform.py'), work, values.rows, '5'],
        { encoding: 'utf8' },
      ),
    ) as number[];
  for (let round = 0; round < Number(values.rounds); round += 5) {
    measured.scikitLearn.push(...python());
    const fitted = readFitted(readPickle(readFileSync(join(work, 'transformer.pkl'))));
    const { columns, first } = JSON.parse(readFileSync(join(work, 'rows.json'), 'utf8')) as {
      columns: Record<string, Column>;
      first: number[][];
    };
    const given = Object.values(columns);
    // As scikit-learn's own code, ours has been run before it counts.
    transform(fitted, given);
    for (let time = 0; time < 5; time++) {
      const started = performance.now();
      const made = transform(fitted, given);
      measured.own.push(performance.now() - started);
      const rows = first.map((_, row) => made.map((column) => column[row]));
      if (!isDeepStrictEqual(rows, first)) throw new Error('It computes something else.');
    }
  }
} finally {
  rmSync(work, { recursive: true });
}
const [own, scikitLearn] = [median(measured.own), median(measured.scikitLearn)];
const text = [
  `${Number(values.rows).toLocaleString('en')} rows of six numbers, three of them standardised and three brought into a range, and of three words of 4, 3 and 12 kinds. Medians of ${measured.own.length} runs.`,
  table(
    ['', 'ms'],
    [
      ['keras-serve', own.toFixed(1)],
      ["scikit-learn's `transform` of the data frame", scikitLearn.toFixed(1)],
      ['keras-serve / scikit-learn', `**${(own / scikitLearn).toFixed(2)}**`],
    ],
  ),
  'It should take no longer than scikit-learn does.',
].join('\n\n');
writeResults(join(packageRoot, 'bench/results'), 'transform', 'Columns of tables', measured, `${text}\n`);
console.log(text);
