import { PickleError } from './error.js';

/** Digits of a number in text, and bytes of one: more would take long to read. */
const most = { digits: 1000, bytes: 1000 };

/** A number where it can hold that exactly. */
export const exactNumber = (value: bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : value;

/** A whole number in text, as protocol 0 has it. @throws PickleError */
export function integerOf(text: string): number | bigint {
  if (text.length > most.digits || !/^\s*[-+]?\d+L?\s*$/.test(text))
    throw new PickleError('pickle_damaged', 'has a whole number that is none');
  return exactNumber(BigInt(text.trim().replace(/^\+|L$/g, '')));
}

/** A number in text, as protocol 0 has it. @throws PickleError */
export function floatOf(line: string): number {
  const text = line.trim().toLowerCase();
  if (text === 'nan') return Number.NaN;
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  if (text === '-inf') return Number.NEGATIVE_INFINITY;
  if (!/^[-+]?[\d.]+(?:e[-+]?\d+)?$/.test(text) || Number.isNaN(Number(text)))
    throw new PickleError('pickle_damaged', 'has a number that is none');
  return Number(text);
}

/** A whole number of any length, little-endian in two's complement. @throws PickleError */
export function longOf(bytes: Uint8Array): number | bigint {
  if (bytes.length > most.bytes)
    throw new PickleError('pickle_too_large', `has a whole number of ${bytes.length} bytes`);
  if (bytes.length === 0) return 0;
  const hex = Buffer.from(bytes).reverse().toString('hex');
  return exactNumber(BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`)));
}
