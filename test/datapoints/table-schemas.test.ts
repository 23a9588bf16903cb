/** What the schema of a datapoint allows is taken, and what it forbids is refused, for any card. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import type { InputKind, KindCard } from '../../src/datapoints/kind.js';
import { sequence } from '../../src/datapoints/kinds/sequence.js';
import { table } from '../../src/datapoints/kinds/table.js';
import { type TableColumn, widthOf } from '../../src/datapoints/tables/columns.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import { runs } from '../helpers/runs.js';

const options = { ...runs(3), seed: 7 };

const usual = fc.oneof(
  fc.integer({ min: -3, max: 300 }),
  fc.double({ min: -3, max: 3, noNaN: true }),
  fc.constantFrom(1e39, -1e39, 3e38, 1e308, -1e308, 0),
);
const scalar: fc.Arbitrary<unknown> = fc.oneof(
  usual,
  fc.constantFrom(true, false, null, '1', '0', 'a', 'b', 'true', '', 'A', [], {}, [1]),
);
const category = fc.constantFrom<string | number | boolean>('a', 'b', 'True', 'false', 0, 1, 2, '3', 0.5);
const name = fc.constantFrom('a', 'b', 'c');

const numbers = fc.record<{ name: string } & Record<string, unknown>>(
  {
    name,
    transform: fc.constantFrom('log1p', 'log', 'sqrt'),
    offset: fc.double({ min: -100, max: 100, noNaN: true }),
    scale: fc.constantFrom(0.5, -2, 1e-30, 1e30, 3),
    missing: fc.constant(1),
  },
  { requiredKeys: ['name'] },
);
const categories = fc
  .record({
    name,
    categories: fc.uniqueArray(category, { minLength: 1, maxLength: 4, selector: String }),
    encoding: fc.constantFrom('ordinal' as const, 'one-hot' as const),
    isFilled: fc.boolean(),
  })
  .map(({ isFilled, ...column }) => ({ ...column, ...(isFilled && { missing: column.categories[0] }) }));
const columns = fc.uniqueArray(fc.oneof(numbers, categories), {
  minLength: 1,
  maxLength: 3,
  selector: (one) => one.name,
});
const type = fc.constantFrom(
  'float32' as const,
  'float64' as const,
  'int32' as const,
  'uint8' as const,
  'int64' as const,
);
const fitting = fc.record(
  { padding: fc.constantFrom('pre', 'post', null), truncating: fc.constantFrom('pre', 'post') },
  { requiredKeys: [] },
);

/** Whether a value is taken as a datapoint; any failure but a refusal is one. */
function isTaken(kind: InputKind<never>, input: TensorInfo, spec: never, value: unknown): boolean {
  const reader = kind.reader(input, spec, 1);
  try {
    reader.write(value, 'x');
  } catch (error) {
    assert.ok(error instanceof InstancesError, String(error));
    return false;
  }
  const column = reader.finish();
  assert.ok('tensor' in column);
  const { data, shape } = column.tensor;
  assert.equal(
    data.length,
    shape.reduce((product, size) => product * size, 1),
  );
  assert.ok(Array.from(data, Number).every(Number.isFinite));
  return true;
}

/** Claims an input; undefined where the card can't be so. */
function claim<Spec>(kind: InputKind<Spec>, input: TensorInfo, card: KindCard): Spec | undefined {
  const facts = { signature: { inputs: [input], outputs: [] }, hints: null };
  try {
    return kind.claim(input, facts, { kind: kind.name, ...card }, (key) => key)?.spec;
  } catch {
    return undefined;
  }
}

/** @returns how often the schema and the reader were of one mind, by what they said */
function compare<Spec>(kind: InputKind<Spec>, input: TensorInfo, spec: Spec, values: readonly unknown[]): boolean[] {
  const described = kind.describe(input, spec);
  const schema = Compile(described.schema);
  return [...values, described.example(2)].map((value, index) => {
    const allowed = schema.Check(value);
    const taken = isTaken(kind as InputKind<never>, input, spec as never, value);
    assert.equal(taken, allowed, `${JSON.stringify(value)} for ${JSON.stringify(described.schema)}`);
    if (index === values.length) assert.ok(taken, 'the example');
    return taken;
  });
}

describe('the schema of', () => {
  it('a table is what its reader takes', () => {
    const seen = { true: 0, false: 0 };
    const row = fc.oneof(
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'id', 'd'), scalar),
      fc.array(scalar, { maxLength: 4 }),
      scalar,
    );
    const card = fc.record({ columns, type, steps: fc.constantFrom(undefined, null, 2), fitting });
    fc.assert(
      fc.property(card, fc.array(row, { minLength: 1, maxLength: 20 }), ({ columns, type, steps, fitting }, rows) => {
        const width = columns.reduce((sum, column) => sum + widthOf(column as TableColumn), 0);
        const input: TensorInfo = { name: 'x', type, shape: [null, ...(steps === undefined ? [] : [steps]), width] };
        const keys = steps === 2 ? fitting : {};
        const spec = claim(table, input, { columns, ignored: ['id'], ...keys });
        if (!spec) return;
        // What has but one column is taken for it more often.
        const near = rows.map((row) =>
          typeof row === 'object' && row && !Array.isArray(row)
            ? Object.fromEntries(Object.entries(row).filter(([key]) => columns.some(({ name }) => name === key)))
            : row,
        );
        const values =
          steps === undefined ? [...rows, ...near] : [rows, near, ...near.map((one) => [one]), near.slice(0, 2)];
        for (const taken of compare(table, input, spec, values)) seen[`${taken}`]++;
      }),
      options,
    );
    assert.ok(seen.true > options.numRuns / 2 && seen.false > options.numRuns / 2, JSON.stringify(seen));
  });

  it('a sequence is what its reader takes', () => {
    const seen = { true: 0, false: 0 };
    const element = fc.oneof(usual, fc.integer({ min: 0, max: 9 }), scalar);
    const step = fc.oneof(element, fc.array(element, { maxLength: 3 }));
    const card = fc.record({
      type,
      steps: fc.constantFrom(null, 2, 3),
      width: fc.constantFrom(undefined, 1, 2),
      fitting,
    });
    const values = fc.array(fc.oneof(fc.array(fc.nat(9), { maxLength: 4 }), fc.array(step, { maxLength: 4 }), scalar), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(card, values, ({ type, steps, width, fitting }, values) => {
        const shape = [null, steps, ...(width === undefined ? [] : [width])];
        const input: TensorInfo = { name: 'x', type, shape };
        const spec = claim(sequence, input, steps === null ? {} : fitting);
        assert.ok(spec);
        for (const taken of compare(sequence, input, spec, values)) seen[`${taken}`]++;
      }),
      options,
    );
    assert.ok(seen.true > options.numRuns / 2 && seen.false > options.numRuns / 2, JSON.stringify(seen));
  });
});
