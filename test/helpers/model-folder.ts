import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before } from 'node:test';
import './checked-replies.js';
import { decode, type FixtureCase, unpackFamily } from './fixtures.js';

/** A folder of models that real Keras wrote, each by the name of its case in the family `models`. */
export interface ModelFolder {
  /** The folder, which begins empty for each. */
  path: string;
  /** Copies a model to a path in the folder. */
  put(path: string, name: string): void;
  /** The same, by a rename of the whole file. */
  replace(path: string, name: string): void;
  /** Writes a text to a path in the folder. */
  write(path: string, content: string | Buffer): void;
  remove(path: string): void;
}

let cases: FixtureCase[] = [];

/** Has the fixtures at hand while the tests of a file run. */
export function useModelFolders(): () => ModelFolder {
  let root: string;
  before(() => {
    const unpacked = unpackFamily('models');
    root = unpacked.folder;
    cases = unpacked.cases;
  });
  after(() => rmSync(root, { recursive: true, force: true }));
  return () => {
    const path = mkdtempSync(join(root, 'serve-'));
    const at = (file: string) => {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      return join(path, file);
    };
    // Another folder of the same file system.
    const beside = join(root, 'beside.keras');
    return {
      path,
      put: (file, name) => cpSync(fixture(name).model, at(file)),
      replace: (file, name) => {
        cpSync(fixture(name).model, beside);
        renameSync(beside, at(file));
      },
      write: (file, content) => writeFileSync(at(file), content),
      remove: (file) => rmSync(join(path, file), { recursive: true }),
    };
  };
}

/** What Keras recorded of a model. */
export function fixture(name: string): FixtureCase {
  const found = cases.find((one) => one.name === name);
  if (!found) throw new Error(`There is no fixture ${name}`);
  return found;
}

/** The tensors that go into a model of a fixture, by name. */
export const inputsOf = (name: string) =>
  Object.fromEntries(fixture(name).inputs.map((input) => [input.name, decode(input)]));

/** What Keras itself gives for them: the numbers of the first output. */
const expectedOf = (name: string): number[] => Array.from(decode(fixture(name).outputs[0]!).data as Float32Array);

/** Whether numbers are those that Keras gives. */
export const isAnswerOf = (name: string, numbers: readonly number[]): boolean => {
  const expected = expectedOf(name);
  const scale = Math.max(1, ...expected.map(Math.abs));
  return (
    numbers.length === expected.length && numbers.every((one, index) => Math.abs(one - expected[index]!) < 1e-4 * scale)
  );
};
