/** What inputs are expected to be like: of layers that real Keras wrote, of transformers that real scikit-learn fitted, of cards. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { parseHints } from '../../src/inference/hints-schema.js';
import { statisticsOf } from '../../src/inference/input-statistics.js';
import { hintsOf } from '../../src/inference/model-hints.js';
import { readKerasModel } from '../../src/keras/index.js';
import { type ExpectedInput, expectedOf } from '../../src/monitoring/expectations.js';
import { readFitted, transform } from '../../src/pickle/fitted.js';
import { readPickle } from '../../src/pickle/read-pickle.js';
import { scaledColumns } from '../../src/pickle/scaled-columns.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { layer } from '../helpers/layer-model.js';
import { bytesOfCase, pickleCases } from '../helpers/pickles.js';

const { folder, cases } = unpackFamily('monitoring');
const others = unpackFamily('preprocessing');
after(() => {
  for (const path of [folder, others.folder]) rmSync(path, { recursive: true });
});

const info = (...shape: (number | null)[]): TensorInfo => ({ name: 'x', type: 'float32', shape });
const tensor = { kind: 'tensor', spec: null };

async function statisticsIn(name: string) {
  const { model } = [...cases, ...others.cases].find((one) => one.name === name)!;
  const hints = await hintsOf(await readKerasModel(model));
  assert.deepEqual(parseHints(JSON.stringify(hints)), JSON.parse(JSON.stringify(hints)), 'hints pass their schema');
  return hints.inputs![0]!.statistics;
}
const rounded = (numbers: readonly number[] = []) => numbers.map((number) => Number(number.toPrecision(2)));

describe('the statistics of an input', () => {
  it('are those that Normalization was adapted to', async () => {
    const statistics = await statisticsIn('normalization_houses');
    assert.equal(statistics?.layer, 'Normalization');
    assert.deepEqual(rounded(statistics?.mean), [120, 4, 300000]);
    assert.deepEqual(rounded(statistics?.deviation), [40, 1.4, 84000]);
  });
  it('are those that Normalization was given', async () =>
    assert.deepEqual(await statisticsIn('normalization_given'), {
      layer: 'Normalization',
      mean: [0.5, -1, 2, 0.1],
      deviation: [1, 2, 0.5, Math.SQRT2],
    }));
  it('are one for all columns where it was told no axis', async () =>
    assert.deepEqual(await statisticsIn('normalization_given_numbers'), {
      layer: 'Normalization',
      mean: [2],
      deviation: [3],
    }));
  it('are those of batch normalisation behind the input', async () =>
    assert.deepEqual(await statisticsIn('batch_normalization_measurements'), {
      layer: 'BatchNormalization',
      mean: [20, 1013],
      deviation: [8, 10],
    }));
  it('are none where Normalization undoes itself, or where there is no such layer', async () => {
    assert.equal(await statisticsIn('normalization_given_inverted'), undefined);
    assert.equal(await statisticsIn('dense_topics'), undefined);
  });
});

const columnsOf = (expected: ExpectedInput | undefined) =>
  expected?.columns.map((column) => column && [column.mean, column.deviation]);

it('statistics are none of a layer that nobody has fitted', () => {
  const made = layer('BatchNormalization', { axis: -1, epsilon: 1e-3 }, { moving_mean: [2], moving_variance: [2] });
  const fill = (name: string, ...values: number[]) => (made.weights.get(name)!.data as Float32Array).set(values);
  const statistics = () => statisticsOf(new Map([['BatchNormalization', made]]), [null, 2]);
  fill('moving_mean', 0, 0);
  fill('moving_variance', 1, 1);
  assert.equal(statistics(), undefined);
  fill('moving_mean', 0.5, 0);
  assert.deepEqual(statistics(), { layer: 'BatchNormalization', mean: [0.5, 0], deviation: [1, 1] });
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    fill('moving_variance', 1, wrong);
    assert.equal(statistics(), undefined, `a variance of ${wrong}`);
  }
});

describe('what is expected', () => {
  const hintsOfStatistics = (mean: number[], deviation: number[]) => ({
    statistics: { layer: 'Normalization', mean, deviation },
  });
  it('is nothing of columns that never changed, or that are 0 or 1', () => {
    const hints = hintsOfStatistics([5, 7, 0.001, 0.5, 3], [2, 0, Math.sqrt(0.001 * 0.999), 0.5, 1e-9]);
    assert.deepEqual(columnsOf(expectedOf({ info: info(null, 5), claimed: tensor, hints })), [
      [5, 2],
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const flags = hintsOfStatistics([0.1], [0.3]);
    assert.equal(expectedOf({ info: info(null, 1), claimed: tensor, hints: flags }), undefined);
  });

  it('is a scaled number of the columns that a card scales, and of no others', () => {
    const columns = [
      { name: 'age', offset: 40, scale: 12 },
      { name: 'children', offset: 1 },
      { name: 'city', categories: ['Bonn', 'Ulm'], encoding: 'one-hot' },
      { name: 'income', scale: 1000 },
    ];
    const expected = expectedOf({
      info: info(null, 5),
      claimed: { kind: 'table', spec: { columns } },
      hints: undefined,
    });
    assert.deepEqual(columnsOf(expected), [[0, 1], undefined, undefined, undefined, [0, 1]]);
    // Degrees and per cent are scaled, too.
    assert.equal(expected?.far, 100);
  });

  it('is what the layer says where the card scales as well', () => {
    const claimed = { kind: 'table', spec: { columns: [{ name: 'age', scale: 12 }] } };
    const expected = expectedOf({ info: info(null, 1), claimed, hints: hintsOfStatistics([2], [3]) });
    assert.deepEqual([columnsOf(expected), expected?.names, expected?.far], [[[2, 3]], ['age'], 10]);
  });

  it('is nothing of pictures, words and what nothing is known of', () => {
    const hints = hintsOfStatistics([2], [3]);
    for (const kind of ['image', 'text'])
      assert.equal(expectedOf({ info: info(null, 1), claimed: { kind, spec: {} }, hints }), undefined);
    assert.equal(expectedOf({ info: info(null, 1), claimed: tensor, hints: undefined }), undefined);
  });
});

/** What the scalers of test/fixtures/pickles/make.py were fitted on, column by column. */
const rows = [
  Float64Array.of(1.5, 2.25, -0.5, 9, 3.3, 0.1),
  Float64Array.of(-20, 31, 4, 0.125, 8, -6.5),
  new Float64Array(6).fill(7),
];
const trained: Record<string, Float64Array[]> = {
  StandardScaler: rows,
  RobustScaler: rows,
  MaxAbsScaler: rows,
  MinMaxScaler: rows,
  PowerTransformer: rows,
};

describe('what scikit-learn’s transformers make', () => {
  const all = [...pickleCases].flatMap(([version, found]) => found.map((one) => ({ version, ...one })));
  const fitted = all.flatMap((one) => {
    if (!one.inputs || !one.answers) return [];
    try {
      return [{ ...one, fitted: readFitted(readPickle(bytesOfCase(one))) }];
    } catch {
      return [];
    }
  });

  it('is as many columns as they make, or none', () => {
    for (const { name, version, fitted: one, answers } of fitted) {
      const { length } = scaledColumns(one);
      if (length > 0) assert.equal(length, answers![0]!.length, `${name} of ${version}`);
    }
  });

  it('lies within three deviations for the rows that they were fitted on', () => {
    const seen = new Set<string>();
    for (const { name, version, fitted: one } of fitted) {
      const spreads = scaledColumns(one);
      if (!Object.hasOwn(trained, one.kind) || spreads.length === 0 || name.includes('box-cox')) continue;
      const made = transform(one, trained[one.kind]!.slice(0, one.inputs)) as Float64Array[];
      for (const [column, spread] of spreads.entries()) {
        if (!spread) continue;
        seen.add(one.kind);
        const distances = Array.from(made[column]!, (value) => Math.abs(value - spread.center) / spread.deviation);
        assert.ok(Math.max(...distances) < 3, `${name} of ${version}: column ${column} is ${distances} away`);
      }
    }
    assert.deepEqual([...seen].sort(), Object.keys(trained).sort());
  });

  it('is known of pipelines and column transformers that end with scalers', () => {
    const known = (name: string) => {
      const { fitted: one } = fitted.find((found) => found.name === name)!;
      return scaledColumns(one).map((spread) => spread !== undefined);
    };
    assert.deepEqual(known('StandardScaler'), [true, true, false], 'the third is 7 in each row');
    assert.deepEqual(known('Pipeline'), [true, true, false]);
    assert.equal(known('ColumnTransformer').includes(true), true);
    assert.deepEqual(known("StandardScaler {'with_std': False}"), []);
  });
});
