import { NumberArray } from '../../json/number-array.js';
import { at } from '../../json/place.js';
import { elementsOf, shownString } from '../../support/strings.js';
import type { Tensor, TensorInfo } from '../../support/tensor.js';
import { numberCells, placeColumns } from '../cells.js';
import { depthOf, describe, type List, TensorWriter } from '../json-tensor.js';
import type { Column, ColumnReader, InputKind, OutputKind } from '../kind.js';
import { columnOf } from '../ragged.js';
import { countOf, exampleOf, mostElements, nestedReply, rowSchema } from '../tensor-schema.js';
import { tensorTexts } from '../tensor-text.js';

/** Nested arrays in the model's own shape: what every input can be, and is when nothing else is known of it. */
export const tensorInput: InputKind<null> = {
  name: 'tensor',
  strings: true,
  card: {},
  errors: [],
  media: [],
  claim: () => ({ spec: null, certainty: 'guess' }),
  describe: (input) => ({
    schema: rowSchema(input),
    example: (length) =>
      countOf(input.shape.slice(1), length) <= mostElements
        ? exampleOf(input.shape.slice(1), input.type, length)
        : undefined,
    text: describe(input.shape.slice(1), input.type),
  }),
  isOne: (value, { shape }) => {
    const depth = depthOf(value);
    const axes = shape.length - 1;
    // Of one element, the number alone too: a list of one is that element, not a list of rows.
    if (depth === 0) return shape.slice(1).every((size) => size === 1);
    return depth === axes && (axes > 1 || shape[1] === null || (value as List).length === shape[1]);
  },
  reader: (input, _spec, rows) =>
    input.shape.slice(1).includes(null) ? openReader(input) : wholeReader(new TensorWriter(input, rows)),
};

const wholeReader = (writer: TensorWriter): ColumnReader<Column> => ({
  write: (value, place) => writer.write(value, place),
  writeAll: (values, place) => writer.writeAll(values, place),
  finish: () => ({ tensor: writer.finish() }),
});

/** Reads rows with axes of any size, which each may have in another one. */
function openReader(input: TensorInfo): ColumnReader<Column> {
  const rows: Tensor[] = [];
  let whole: Tensor | undefined;
  const write = (value: unknown, place: string) => {
    const writer = new TensorWriter(input, 1);
    writer.write(value, place);
    const { shape, ...row } = writer.finish();
    rows.push({ ...row, shape: shape.slice(1) });
  };
  return {
    write,
    writeAll(values, place) {
      if (values instanceof NumberArray) {
        const writer = new TensorWriter(input, values.length);
        writer.writeAll(values, place);
        whole = writer.finish();
      } else for (let index = 0; index < values.length; index++) write(values.at(index), at(place, index));
    },
    finish: () => (whole ? { tensor: whole } : columnOf(rows)),
  };
}

/** The same of outputs. NaN and infinities, which JSON lacks, are null. */
export const tensorOutput: OutputKind<null> = {
  name: 'tensor',
  strings: true,
  card: {},
  claim: () => ({ spec: null, certainty: 'guess' }),
  describe: ({ shape, type }) => ({ schema: nestedReply(shape.slice(1), type) }),
  write: (row) => tensorTexts(row, 'null'),
  csv: {
    columns: placeColumns,
    cells: (row) => {
      if (row.type === 'string') return Array.from(elementsOf(row), shownString);
      return row.type === 'bool' ? Array.from(row.data as Uint8Array, Boolean) : numberCells(row.data);
    },
  },
};
