import { PickleError } from './error.js';
import { exactNumber } from './numbers.js';
import { bytesOf, decodeLatin1, decodeUtf8 } from './text.js';
import { Built, type PickleValue, type Reading } from './values.js';

/** The type of an array's elements, as NumPy has it: `<f8`. */
export class Dtype extends Built {
  /** `f`, `i`, `u`, `b`, `U` (text), `S` (bytes) or `O` (anything). */
  readonly kind: string;
  /** Of an element, in bytes. */
  size: number;
  isLittle = true;

  /** @throws PickleError */
  constructor(spec: string) {
    super();
    const [, order, kind, size] = /^([<>=|]?)([a-zA-Z?])(\d*)$/.exec(spec) ?? [];
    const own = kind === '?' ? 'b' : kind;
    this.kind = own ?? '';
    this.size = own === 'O' ? 8 : Number(size || 1);
    if (order === '>') this.isLittle = false;
    if (!own || (!hasReader(own, this.size) && !'USO'.includes(own)))
      throw new PickleError('pickle_unsupported', `has an array of the type ${JSON.stringify(spec.slice(0, 20))}`);
    if (this.size > 1_000_000) throw new PickleError('pickle_too_large', 'has an array of texts that are too long');
  }

  /** The state is (version, byte order, sub-array, names, fields, size, alignment, flags). */
  build(state: PickleValue): this {
    if (!Array.isArray(state)) throw new PickleError('pickle_damaged', 'has an array whose type is damaged');
    const [, order, part, names, , size] = state;
    if ((part ?? null) !== null || (names ?? null) !== null)
      throw new PickleError('pickle_unsupported', 'has an array of records');
    if (order === '>') this.isLittle = false;
    if ('US'.includes(this.kind) && typeof size === 'number' && size >= 0 && size <= 1_000_000) this.size = size;
    return this;
  }
}

type NumberReader = (view: DataView, at: number, isLittle: boolean) => number | bigint | boolean;

const numberReaders: Record<string, NumberReader> = {
  f2: (view, at, isLittle) => halfOf(view.getUint16(at, isLittle)),
  f4: (view, at, isLittle) => view.getFloat32(at, isLittle),
  f8: (view, at, isLittle) => view.getFloat64(at, isLittle),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, isLittle) => view.getInt16(at, isLittle),
  i4: (view, at, isLittle) => view.getInt32(at, isLittle),
  i8: (view, at, isLittle) => exactNumber(view.getBigInt64(at, isLittle)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, isLittle) => view.getUint16(at, isLittle),
  u4: (view, at, isLittle) => view.getUint32(at, isLittle),
  u8: (view, at, isLittle) => exactNumber(view.getBigUint64(at, isLittle)),
  b1: (view, at) => view.getUint8(at) !== 0,
};

const hasReader = (kind: string, size: number): boolean => Object.hasOwn(numberReaders, kind + size);

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
}

/** An element of a type out of bytes. */
function elementReader({ kind, size, isLittle }: Dtype, bytes: Uint8Array): (at: number) => PickleValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = numberReaders[kind + size];
  if (read) return (at) => read(view, at, isLittle);
  if (kind === 'S') return (at) => bytesText(bytes.subarray(at, at + size));
  return (at) => {
    let text = '';
    for (let index = 0; index + 4 <= size; index += 4) {
      const code = view.getUint32(at + index, isLittle);
      if (code > 0x10ffff) throw new PickleError('pickle_damaged', 'has a character that there is not');
      text += String.fromCodePoint(code);
    }
    return text.replace(/\0+$/, '');
  };
}

function bytesText(bytes: Uint8Array): string {
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  try {
    return decodeUtf8(bytes.subarray(0, end));
  } catch {
    return decodeLatin1(bytes.subarray(0, end));
  }
}

/** The most axes that an array of NumPy has. */
const mostAxes = 64;

/** An array of NumPy: its elements row by row, whatever their order in the file. */
export class NumpyArray extends Built {
  shape: readonly number[] = [0];
  values: readonly PickleValue[] = [];
  /** As NumPy has it: `f`, `i`, `u`, `b`, `U`, `S` or `O`. */
  kind = 'f';

  /** The state is (version, shape, type, whether columns come first, bytes or a list of objects). */
  build(state: PickleValue, reading: Reading): this {
    if (!Array.isArray(state) || state.length < 4) throw new PickleError('pickle_damaged', 'has a damaged array');
    const [shape, dtype, columnsFirst, data] = state.slice(-4);
    return this.fill(shape!, dtype!, columnsFirst === true || columnsFirst === 1, data!, reading);
  }

  /** @throws PickleError */
  fill(shape: PickleValue, dtype: PickleValue, columnsFirst: boolean, data: PickleValue, reading: Reading): this {
    const axes = shapeOf(shape);
    if (!axes || !(dtype instanceof Dtype)) throw new PickleError('pickle_damaged', 'has a damaged array');
    const count = axes.reduce((product, size) => product * size, 1);
    reading.charge(count * Math.max(8, dtype.size));
    const order = columnsFirst && axes.length > 1 ? columnOrder(axes, count) : undefined;
    this.shape = axes;
    this.kind = dtype.kind;
    const place = (index: number) => order?.[index] ?? index;
    if (dtype.kind === 'O') {
      if (!Array.isArray(data) || data.length !== count) throw new PickleError('pickle_damaged', 'has a damaged array');
      this.values = Array.from({ length: count }, (_, index) => data[place(index)]!);
      return this;
    }
    const bytes = bytesOf(data);
    if (bytes?.length !== count * dtype.size) throw new PickleError('pickle_damaged', 'has a damaged array');
    const read = elementReader(dtype, bytes);
    this.values = Array.from({ length: count }, (_, index) => read(place(index) * dtype.size));
    return this;
  }
}

/** A shape, or the only size in it. */
export function shapeOf(value: PickleValue): number[] | undefined {
  const axes = typeof value === 'number' ? [value] : value;
  if (!Array.isArray(axes) || axes.length > mostAxes) return undefined;
  const isSize = (size: PickleValue) => typeof size === 'number' && Number.isInteger(size) && size >= 0;
  return axes.every(isSize) ? (axes as number[]) : undefined;
}

/** Where each element lies, row by row, in an array whose columns come first. */
function columnOrder(shape: readonly number[], count: number): number[] {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  const at = shape.map(() => 0);
  return Array.from({ length: count }, () => {
    const place = at.reduce((sum, index, axis) => sum + index * strides[axis]!, 0);
    for (let axis = shape.length - 1; axis >= 0 && ++at[axis]! >= shape[axis]!; axis--) at[axis] = 0;
    return place;
  });
}

/** A scalar of NumPy as what it is. @throws PickleError */
export function scalarOf(dtype: PickleValue, data: PickleValue, reading: Reading): PickleValue {
  if (dtype instanceof Dtype && dtype.kind === 'O') return data;
  const bytes = bytesOf(data);
  // There may be tens of thousands of them in a list.
  if (dtype instanceof Dtype && bytes?.length === dtype.size && hasReader(dtype.kind, dtype.size))
    return elementReader(dtype, bytes)(0);
  return new NumpyArray().fill([], dtype, false, data, reading).values[0]!;
}
