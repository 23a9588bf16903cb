import { readdirSync, readFileSync } from 'node:fs';
import { NumpyArray } from '../../src/pickle/arrays.js';
import type { Cell } from '../../src/pickle/cells.js';
import type { PickleValue } from '../../src/pickle/values.js';

/** An object that real Python pickled, as test/fixtures/pickles/make.py recorded it. */
export interface PickleCase {
  name: string;
  /** How it was written: `protocol 4`, `joblib zlib`. */
  format: string;
  /** In base64. */
  pickle: string;
  /** The value itself, where it is plain. */
  value?: unknown;
  /** Names of columns. */
  columns?: Cell[];
  classes?: Cell[];
  inputs?: Cell[][];
  answers?: Cell[][];
  inverse?: number[][];
}

const folder = new URL('../fixtures/pickles/', import.meta.url);

/** The recorded cases by version: `scikit-learn-1.9.0, Python 3.12.1, pandas 3.1.1`. */
export const pickleCases: ReadonlyMap<string, readonly PickleCase[]> = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const { cases, ...versions } = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
      return [`${name.replace('.json', '')}, Python ${versions.python}, pandas ${versions.pandas}`, cases];
    }),
);

export const bytesOfCase = ({ pickle }: PickleCase): Buffer => Buffer.from(pickle, 'base64');

/** A value as JSON has it: what arrays and sets hold in lists. */
export function plain(value: PickleValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [String(key), plain(one)]));
  if (value instanceof Set) return [...value].map(plain);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (value instanceof NumpyArray) return nested(value.shape, value.values.map(plain));
  return Array.isArray(value) ? value.map(plain) : value;
}

function nested([size, ...inner]: readonly number[], values: readonly unknown[]): unknown {
  if (size === undefined) return values[0];
  const step = inner.reduce((product, one) => product * one, 1);
  return Array.from({ length: size }, (_, index) => nested(inner, values.slice(index * step, (index + 1) * step)));
}
