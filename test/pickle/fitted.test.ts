import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NumpyArray } from '../../src/pickle/arrays.js';
import type { Cell } from '../../src/pickle/cells.js';
import { PickleError } from '../../src/pickle/error.js';
import { inverse, invertible, outputsOf, readFitted, transform } from '../../src/pickle/fitted.js';
import { readPickle } from '../../src/pickle/read-pickle.js';
import { type Column, TransformSignal } from '../../src/pickle/transformer.js';
import { Instance } from '../../src/pickle/values.js';
import { bytesOfCase, type PickleCase, pickleCases } from '../helpers/pickles.js';

/** Objects that are refused by name, and such as have no columns. */
const left = /^MultiLabelBinarizer|Vectorizer/;
/** What isn't computed as NumPy computes it to the last bit: the largest difference, relative to the number. */
const nearly: readonly [RegExp, number][] = [
  [/^Normalizer l[12]/, 1e-15],
  [/^PowerTransformer/, 1e-11],
  [/log1p/, 1e-14],
];

/** What isn't computed: the reasons are in the messages. */
const refused: readonly [version: RegExp, name: RegExp][] = [
  [/^scikit-learn-0\.(19|20|21|22)/, /^Normalizer max/],
  // It knows the columns that it passes on by their places, and the others by their names.
  [/^scikit-learn-0\.20/, /^ColumnTransformer passthrough/],
];

const unsupported = (error: unknown) => error instanceof PickleError && error.code === 'pickle_unsupported';

const columnsOf = (rows: readonly (readonly Cell[] | Cell)[]): Column[] => {
  const lists = rows.map((row) => (Array.isArray(row) ? (row as Cell[]) : [row as Cell]));
  return lists[0]!.map((_, index) => {
    const cells = lists.map((row) => row[index]!);
    const areNumbers = cells.every((cell) => typeof cell === 'number' || cell === null);
    return areNumbers ? Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : (cell as number))) : cells;
  });
};

const rowsOf = (columns: readonly Column[], count: number): Cell[][] =>
  Array.from({ length: count }, (_, row) =>
    columns.map((column) => {
      const value = column[row]!;
      return typeof value === 'number' && Number.isNaN(value) ? null : value;
    }),
  );

function same(
  actual: readonly Cell[][],
  expected: readonly (readonly Cell[] | Cell)[],
  name: string,
  bound: number,
): void {
  const rows = expected.map((row) => (Array.isArray(row) ? (row as Cell[]) : [row as Cell]));
  assert.deepEqual(
    actual.map((row) => row.length),
    rows.map((row) => row.length),
    name,
  );
  for (const [at, row] of rows.entries())
    for (const [index, value] of row.entries()) {
      const own = actual[at]![index]!;
      const message = `${name}: ${own} in the place of ${value} in row ${at}, column ${index}`;
      if (bound > 0 && typeof value === 'number' && typeof own === 'number')
        assert.ok(Math.abs(own - value) <= bound * Math.max(Math.abs(value), 1e-3), message);
      else assert.ok(own === value || Number(own) === value, message);
    }
}

const boundOf = ({ name }: PickleCase): number => nearly.find(([pattern]) => pattern.test(name))?.[1] ?? 0;

for (const [version, cases] of pickleCases) {
  test(`transform and inverse_transform of ${version}`, () => {
    let done = 0;
    for (const one of cases) {
      if (!one.inputs || left.test(one.name)) continue;
      const name = `${one.name}, ${one.format}`;
      if (refused.some(([of, what]) => of.test(version) && what.test(one.name))) {
        assert.throws(() => readFitted(readPickle(bytesOfCase(one))), unsupported, name);
        continue;
      }
      const fitted = structuredClone(readFitted(readPickle(bytesOfCase(one))));
      if (one.columns && !/^scikit-learn-0\./.test(version)) assert.deepEqual(fitted.names, one.columns, name);
      const columns = columnsOf(one.inputs);
      // Without all names, the columns are those that are selected.
      const own =
        fitted.names && one.columns ? fitted.names.map((label) => columns[one.columns!.indexOf(label)]!) : columns;
      const answers = transform(fitted, own);
      same(rowsOf(answers, one.inputs.length), one.answers!, name, boundOf(one));
      if (fitted.inputs !== undefined) assert.equal(outputsOf(fitted), answers.length, name);
      if (one.inverse) {
        assert.ok(invertible(fitted), name);
        same(
          rowsOf(inverse(fitted, columnsOf(one.answers!)), one.inputs.length),
          one.inverse,
          `${name} inverse`,
          boundOf(one),
        );
      }
      done++;
    }
    assert.ok(done > 25, String(done));
  });
}

const caseOf = (name: string, version = 'scikit-learn-1.9.0'): PickleCase => {
  const [, cases] = [...pickleCases].find(([key]) => key.startsWith(version))!;
  return cases.find((one) => one.name === name)!;
};

const fittedOf = (name: string) => readFitted(readPickle(bytesOfCase(caseOf(name))));

const signalOf = (name: string, columns: readonly Column[]): TransformSignal => {
  try {
    transform(fittedOf(name), columns);
  } catch (error) {
    if (error instanceof TransformSignal) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `${name} takes it` });
};

test('a value that a transformer can\u2019t take is named by its column and row', () => {
  const strange = signalOf('OneHotEncoder', [['red', 'pink'], Float64Array.of(1, 2)]);
  assert.deepEqual([strange.column, strange.row, strange.value], [0, 1, 'pink']);
  assert.deepEqual(strange.categories, ['blue', 'green', 'red']);
  assert.equal(signalOf('StandardScaler', [[1], ['x'], [2]]).column, 1);
  assert.equal(signalOf('StandardScaler', [[1]]).column, undefined);
  assert.equal(signalOf('PowerTransformer box-cox', [Float64Array.of(1), Float64Array.of(-1)]).column, 1);
  // The encoder is the second part of it, and gets one column.
  const columns = [...caseOf('ColumnTransformer').columns!].map((name) => (name === 'city' ? ['Rom'] : [1]));
  assert.deepEqual(
    transform(fittedOf('ColumnTransformer'), columns)
      .slice(2)
      .map(([value]) => value),
    [0, 0, 0],
  );
  assert.equal(signalOf('ColumnTransformer', [['x'], [1], ['Ulm'], [1]]).column, 0);
});

test('categories are compared as texts, and numbers by their values', () => {
  const encoded = (cells: Cell[]) =>
    transform(fittedOf('OneHotEncoder of numbers'), [cells, Float64Array.of(10, 10, 10)]);
  assert.deepEqual(encoded([1, 2, 3]), encoded(['1', '2.0', '3']));
  assert.deepEqual(encoded([1, 1, 1]), encoded([true, '1', 1]));
});

test('what has an inverse is known', () => {
  assert.ok(!invertible(fittedOf('OneHotEncoder')));
  assert.ok(!invertible(fittedOf('ColumnTransformer in Pipeline')));
  assert.ok(invertible(fittedOf('Pipeline')));
});

test('a pipeline that begins with what takes any number of columns takes those of the next step', () => {
  const any = new Instance('FunctionTransformer');
  const pipeline = new Instance('Pipeline');
  pipeline.attributes.set('steps', [
    ['a', any],
    ['b', readPickle(bytesOfCase(caseOf('StandardScaler')))],
  ]);
  assert.equal(readFitted(pipeline).inputs, 3);
});

test('what is no fitted transformer is refused by name', () => {
  for (const value of [null, [], new Instance('DataFrame'), new Instance('StandardScaler')])
    assert.throws(() => readFitted(value), unsupported);
  const endless = new Instance('Pipeline');
  endless.attributes.set('steps', [
    ['a', endless],
    ['b', endless],
  ]);
  assert.throws(
    () => readFitted(endless),
    (error) => error instanceof PickleError && error.code === 'pickle_too_large',
  );
  const unfit = new Instance('Pipeline');
  const [three, four] = ['StandardScaler', 'ColumnTransformer'].map((name) => readPickle(bytesOfCase(caseOf(name))));
  unfit.attributes.set('steps', [
    ['a', three!],
    ['b', four!],
  ]);
  assert.throws(
    () => readFitted(unfit),
    (error) => error instanceof PickleError && error.code === 'pickle_damaged',
  );
  const uneven = readPickle(bytesOfCase(caseOf('StandardScaler'))) as Instance;
  uneven.attributes.set('n_features_in_', 4);
  assert.throws(() => readFitted(uneven), unsupported);
  for (const [name, value] of [
    ['scale_', 0],
    ['scale_', Number.NaN],
    ['mean_', Number.POSITIVE_INFINITY],
  ] as const) {
    const scaler = readPickle(bytesOfCase(caseOf('StandardScaler'))) as Instance;
    (scaler.attributes.get(name) as NumpyArray).values = [1, value, 1];
    assert.throws(() => readFitted(scaler), unsupported);
  }
});

test('a pickle that was changed anywhere is read, or refused, or refuses rows', () => {
  const seeds = [...pickleCases.values()].flat().filter(({ inputs, format }) => inputs && !/joblib ./.test(format));
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 3 }), (seed, changes) => {
      const bytes = bytesOfCase(seed);
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
      try {
        const fitted = readFitted(readPickle(bytes));
        outputsOf(fitted);
        const columns = Array.from({ length: fitted.inputs ?? 1 }, (_, index) => (index % 2 ? ['a', null] : [1, 2]));
        const answers = transform(fitted, columns);
        if (invertible(fitted)) inverse(fitted, answers);
      } catch (error) {
        if (!(error instanceof PickleError || error instanceof TransformSignal)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});
