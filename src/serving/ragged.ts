import { batchSizeOf, concatRows, mapTensors, sliceRows } from '../inference/batch.js';
import type { RaggedTensor, RaggedTensors, Signature, Tensor, Tensors } from '../support/tensor.js';
import { ServingError } from './errors.js';
import { type ModelInput, rowsIn } from './model-input.js';

/** Some rows of a request, by their numbers, and tensors of them. */
export interface RowGroup {
  rows: readonly number[];
  tensors: Tensors;
}

/**
 * Rows that are alike: those of one shape in each of some ragged tensors. No row is filled up, so that what a model says of it doesn't
 * depend on the others.
 * @param tensors with as many rows as each of the ragged ones
 */
export function groupsOf(tensors: Tensors, ragged: Readonly<Record<string, RaggedTensor>>): RowGroup[] {
  const all = Object.values(ragged);
  const byShape = new Map<string, number[]>();
  for (let row = 0; row < all[0]!.rows.length; row++) {
    const key = all.map(({ rows }) => String(rows[row]!.shape)).join(' ');
    const group = byShape.get(key);
    if (group) group.push(row);
    else byShape.set(key, [row]);
  }
  return [...byShape.values()].map((rows) => ({
    rows,
    tensors: {
      ...mapTensors(tensors, (tensor) => concatRows(rows.map((row) => sliceRows(tensor, row, row + 1)))),
      ...Object.fromEntries(
        Object.entries(ragged).map(([name, one]) => [name, concatRows(rows.map((row) => withAxis(one.rows[row]!)))]),
      ),
    },
  }));
}

/** The rows of all groups in the order of the request: in one tensor, where they have one shape. */
export function rowsInOrder(groups: readonly RowGroup[]): RaggedTensors {
  const names = Object.keys(groups[0]!.tensors);
  return Object.fromEntries(
    names.map((name): [string, Tensor | RaggedTensor] => {
      const rows: Tensor[] = [];
      for (const group of groups)
        group.rows.forEach((row, index) => {
          rows[row] = sliceRows(group.tensors[name]!, index, index + 1);
        });
      const { type, shape } = rows[0]!;
      if (rows.every((row) => String(row.shape) === String(shape))) return [name, concatRows(rows)];
      return [name, { type, rows: rows.map((row) => ({ ...row, shape: row.shape.slice(1) })) }];
    }),
  );
}

/**
 * Refuses lists of several lengths where they can't be run apart, or where not all inputs have as many.
 * @throws ServingError
 */
export function checkRagged(model: Signature, input: ModelInput): void {
  const invalid = (message: string) => new ServingError('instances_invalid', message);
  if (batchSizeOf(model) === undefined)
    throw invalid(
      'There are lists of different lengths, and the model’s answer to one datapoint depends on the others. Send lists of one length.',
    );
  const [first, ...others] = model.inputs.map(({ name }) => ({ name, rows: rowsIn(input[name]!) }));
  const other = others.find(({ rows }) => rows !== first!.rows);
  if (other)
    throw invalid(
      `There are ${first!.rows} of ${JSON.stringify(first!.name)} and ${other.rows} of ${JSON.stringify(other.name)}.`,
    );
}

const withAxis = (row: Tensor): Tensor => ({ ...row, shape: [1, ...row.shape] });
