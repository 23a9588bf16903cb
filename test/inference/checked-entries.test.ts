import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CheckedEntries } from '../../src/inference/checked-entries.js';
import { packageRoot } from '../../src/support/package.js';
import { temporaryFolder } from '../helpers/folder.js';

describe('CheckedEntries', () => {
  let folder: string;
  let notes: string;
  let checks: number;
  /** Files that were written long ago. */
  const old = ['LICENSE', 'package.json'].map((name) => join(packageRoot, name));
  const isWhole = (paths = old, { boot = 'one', whole = true } = {}) =>
    new CheckedEntries(notes, async () => boot).isWhole('entry', paths, async () => {
      checks++;
      return whole;
    });

  beforeEach(() => {
    folder = temporaryFolder();
    notes = join(folder, 'checked');
    checks = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('does not check files again that nobody has written to', async () => {
    assert.deepEqual([await isWhole(), await isWhole()], [true, true]);
    assert.equal(checks, 1);
  });

  it('checks again once the machine was started again', async () => {
    await isWhole();
    await isWhole(old, { boot: 'another' });
    assert.equal(checks, 2);
  });

  it('checks always where nothing tells when the machine was started', async () => {
    const entries = new CheckedEntries(notes, async () => undefined);
    for (let round = 0; round < 2; round++) await entries.isWhole('entry', old, async () => ++checks > 0);
    assert.equal(checks, 2);
  });

  it('knows when this machine was started', {
    skip: process.platform !== 'linux' && 'Linux alone says it',
  }, async () => {
    for (let round = 0; round < 2; round++)
      await new CheckedEntries(notes).isWhole('entry', old, async () => ++checks > 0);
    assert.equal(checks, 1);
  });

  it('checks again where there is another file, or one less', async () => {
    await isWhole();
    await isWhole(old.slice(1));
    assert.equal(checks, 2);
  });

  it('takes no note of what is not whole', async () => {
    assert.deepEqual([await isWhole(old, { whole: false }), await isWhole(old, { whole: false })], [false, false]);
    assert.equal(checks, 2);
  });

  it('takes no note of a file that has just been written, which may change without a trace', async () => {
    const path = join(folder, 'model.data');
    writeFileSync(path, 'one');
    const { atime, mtime } = statSync(path);
    await isWhole([path]);
    writeFileSync(path, 'two');
    utimesSync(path, atime, mtime);
    await isWhole([path]);
    assert.equal(checks, 2);
    assert.ok(!existsSync(notes));
  });

  it('does without notes where they can not be written', async () => {
    writeFileSync(notes, 'a file');
    assert.deepEqual([await isWhole(), await isWhole()], [true, true]);
    assert.equal(checks, 2);
  });

  it('believes no note that is damaged', async () => {
    await isWhole();
    for (const note of readdirSync(notes)) truncateSync(join(notes, note), 10);
    await isWhole();
    assert.equal(checks, 2);
  });
});
