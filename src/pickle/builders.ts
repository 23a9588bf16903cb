import { Dtype, NumpyArray, scalarOf } from './arrays.js';
import { PickleError } from './error.js';
import { ArrayWrapper } from './joblib.js';
import { bytesOf, decodeUtf8 } from './text.js';
import { Instance, Known, type PickleMap, type PickleValue, type Reading } from './values.js';

type Make = NonNullable<Known['make']>;

const damaged = (what: string): PickleError => new PickleError('pickle_damaged', `has ${what} that is damaged`);

/** A copy of a list, whose size counts: a memo can have it copied any number of times. */
function copied(value: PickleValue | undefined, reading: Reading): PickleValue[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw damaged('a list');
  reading.charge(64 * value.length);
  return [...value];
}

function dictOf(value: PickleValue | undefined, reading: Reading): PickleMap {
  if (value instanceof Map) {
    reading.charge(64 * value.size);
    return new Map(value);
  }
  const pairs = copied(value, reading);
  if (!pairs.every((pair) => Array.isArray(pair) && pair.length === 2)) throw damaged('a dict');
  return new Map(pairs as [PickleValue, PickleValue][]);
}

const text = (value: PickleValue | undefined): string => {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return decodeUtf8(value);
  throw damaged('a name');
};

function encoded([value, encoding]: readonly PickleValue[], reading: Reading): Uint8Array {
  if (typeof value !== 'string' || (encoding !== 'latin1' && encoding !== 'latin-1')) throw damaged('a text of bytes');
  reading.charge(value.length);
  return Buffer.from(value, 'latin1');
}

function bytesMade([value, ...rest]: readonly PickleValue[], reading: Reading): Uint8Array {
  if (value === undefined) return new Uint8Array();
  if (rest.length > 0) return encoded([value, ...rest], reading);
  const bytes = bytesOf(value);
  if (!bytes) throw damaged('a text of bytes');
  return bytes;
}

/** An object of a class whose make is known: what pickles of protocols 0 and 1 have in the place of NEWOBJ. */
function reconstructed([cls, base, state]: readonly PickleValue[], reading: Reading): PickleValue {
  if (!(cls instanceof Known) || !cls.make) throw damaged('a class');
  return cls.make(base instanceof Known && base.name === 'builtins.object' ? [] : [state ?? null], reading);
}

/** An object of a class, of which the attributes are given beside it. */
function withAttributes([cls, attributes]: readonly PickleValue[]): Instance {
  if (!(cls instanceof Known) || !(attributes instanceof Map)) throw damaged('an index of pandas');
  return new Instance(cls.name).build(attributes);
}

function frombuffer([buffer, dtype, shape, order]: readonly PickleValue[], reading: Reading): NumpyArray {
  return new NumpyArray().fill(shape ?? null, dtype ?? null, order === 'F', buffer ?? null, reading);
}

/** The functions that pickles call, and the classes that aren't plain records, as what this program makes in their place. */
export const functions = (
  findKnown: (module: string, name: string, position: number) => Known,
): Record<string, Make> => ({
  'copyreg._reconstructor': reconstructed,
  '_codecs.encode': encoded,
  'builtins.bytes': bytesMade,
  'builtins.bytearray': bytesMade,
  'builtins.set': ([items], reading) => new Set(copied(items, reading)),
  'builtins.frozenset': ([items], reading) => new Set(copied(items, reading)),
  'builtins.list': ([items], reading) => copied(items, reading),
  'builtins.tuple': ([items], reading) => copied(items, reading),
  'builtins.dict': ([items], reading) => dictOf(items, reading),
  'builtins.slice': (args) => new Instance('slice', args),
  'collections.OrderedDict': ([items], reading) => dictOf(items, reading),
  'collections.defaultdict': ([, items], reading) => dictOf(items, reading),
  'collections.Counter': ([items], reading) => dictOf(items, reading),
  'sklearn.utils.Bunch': ([items], reading) => dictOf(items, reading),
  'sklearn.utils._bunch.Bunch': ([items], reading) => dictOf(items, reading),
  'sklearn.datasets.base.Bunch': ([items], reading) => dictOf(items, reading),
  'numpy.dtype': ([spec]) => new Dtype(spec instanceof Known ? shortType(spec.name) : text(spec)),
  'numpy.core.multiarray._reconstruct': () => new NumpyArray(),
  'numpy.core.multiarray.scalar': ([dtype = null, data = null], reading) => scalarOf(dtype, data, reading),
  'numpy.core.numeric._frombuffer': frombuffer,
  'numpy.core._ufunc_reconstruct': ([, name], { reader }) => findKnown('numpy', text(name), reader.position),
  'joblib.numpy_pickle.NumpyArrayWrapper': () => new ArrayWrapper(),
  'pandas.core.indexes.base._new_Index': withAttributes,
  'pandas.indexes.base._new_Index': withAttributes,
  'pandas._libs.internals._unpickle_block': (args) => new Instance('Block', args),
  'pandas._libs.arrays.__pyx_unpickle_NDArrayBacked': ([cls]) => {
    if (!(cls instanceof Known)) throw damaged('an array of pandas');
    return new Instance(cls.name);
  },
});

/** `numpy.float64` as a type is spelt. */
function shortType(name: string): string {
  const [, kind, bits] = /^numpy\.(float|int|uint)(\d+)$/.exec(name) ?? [];
  if (!kind) throw damaged('the type of an array');
  return `${kind[0]}${Number(bits) / 8}`;
}
