/** What JSON has no words for: an object with this key says what it stands for. */
const tag = '$';

/** Arrays of numbers by their names, as they lie in memory: in the order of bytes of all processors that this runs on. */
const arrays = {
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
};

const tagged = (kind: string, value?: unknown): object => ({ [tag]: kind, value });

/**
 * What JSON can write of plain data, as it crosses threads: maps, sets, arrays of numbers, NaN and infinities, -0, bigints and
 * undefined are objects that name what they are.
 */
export function toJson(value: unknown): unknown {
  if (value === undefined) return tagged('undefined');
  if (typeof value === 'bigint') return tagged('bigint', String(value));
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return tagged('number', Object.is(value, -0) ? '-0' : String(value));
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return tagged('Map', toJson([...value]));
  if (value instanceof Set) return tagged('Set', toJson([...value]));
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return tagged(value.constructor.name in arrays ? value.constructor.name : 'Uint8Array', bytes.toString('base64'));
  }
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.hasOwn(value, tag)
    ? tagged('Object', toJson(entries))
    : Object.fromEntries(entries.map(([key, part]) => [key, toJson(part)]));
}

/** What each tag stands for. */
const readers: Record<string, (value: unknown) => unknown> = {
  undefined: () => undefined,
  bigint: (value) => BigInt(value as string),
  number: Number,
  Map: (value) => new Map(fromJson(value) as [unknown, unknown][]),
  Set: (value) => new Set(fromJson(value) as unknown[]),
  Object: (value) => Object.fromEntries(fromJson(value) as [string, unknown][]),
  ...Object.fromEntries(
    Object.entries(arrays).map(([name, TypedArray]) => [
      name,
      (value: unknown) => new TypedArray(Uint8Array.from(Buffer.from(value as string, 'base64')).buffer),
    ]),
  ),
};

/** The plain data that {@link toJson} wrote. @throws Error where it is none */
export function fromJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(fromJson);
  if (!Object.hasOwn(value, tag))
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fromJson(part)]));
  const { [tag]: kind, value: content } = value as { [tag]: string; value?: unknown };
  if (!Object.hasOwn(readers, kind)) throw new TypeError(`There is no data called ${JSON.stringify(kind)} here.`);
  return readers[kind]!(content);
}
