import { Dtype, NumpyArray, shapeOf } from './arrays.js';
import { PickleError } from './error.js';
import { PickleReader } from './pickle-reader.js';
import { pickleLimits, readPickle } from './read-pickle.js';
import { decodeLatin1 } from './text.js';
import type { PickleValue } from './values.js';

/** The longest header that is read, in bytes: NumPy itself reads no longer one of a file that isn't trusted. */
const mostHeader = 10_000;

/** What a header says, as NumPy writes it: `{'descr': '<U10', 'fortran_order': False, 'shape': (3,), }`. */
const header =
  /^\{'descr': '([^']{1,20})', 'fortran_order': (True|False), 'shape': \(((?:\d{1,15}L?(?:, ?|(?=\))))*)\), \}\s*$/;

/**
 * Reads what `numpy.save` writes: an array, or the object that it was made of where that was none, such as a `dict`.
 * @throws PickleError
 */
export function readNpy(file: Uint8Array): PickleValue {
  const reader = new PickleReader(file);
  const damaged = (what: string) => new PickleError('pickle_damaged', what);
  if (decodeLatin1(file.subarray(0, 6)) !== '\x93NUMPY') throw damaged('is no array of NumPy');
  reader.take(6);
  const version = reader.byte();
  reader.byte();
  if (version < 1 || version > 3)
    throw new PickleError('pickle_unsupported', `is of version ${version} of NumPy's format`);
  const length = version === 1 ? reader.uint16() : reader.uint32();
  if (length > mostHeader) throw new PickleError('pickle_too_large', 'has a header that is too long');
  const [, spec, columnsFirst, sizes] = header.exec(decodeLatin1(reader.take(length))) ?? [];
  if (spec === undefined) throw new PickleError('pickle_unsupported', "has a header that isn't understood");
  const shape = shapeOf((sizes!.match(/\d+/g) ?? []).map(Number))!;
  const dtype = new Dtype(spec.replace(/^\|/, ''));
  if (dtype.kind === 'O') return only(readPickle(file.subarray(reader.position)));
  // `<U10` counts characters, which are four bytes each.
  if (dtype.kind === 'U') dtype.size *= 4;
  const bytes = file.subarray(reader.position);
  const charge = (made: number) => {
    if (!(made <= pickleLimits.made)) throw new PickleError('pickle_too_large', 'makes too much of what it holds');
  };
  const reading = { reader, charge, readNested: () => readPickle(bytes) };
  return only(new NumpyArray().fill(shape, dtype, columnsFirst === 'True', bytes, reading));
}

/** The only element of an array that has no axis. */
const only = (value: PickleValue): PickleValue =>
  value instanceof NumpyArray && value.shape.length === 0 ? value.values[0]! : value;
