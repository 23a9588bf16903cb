import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { checksumOf, FileHashes, hashTexts } from '../../src/inference/file-hashes.js';
import { packageRoot } from '../../src/support/package.js';

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('FileHashes', () => {
  let folder: string;
  let notes: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keras-serve-hashes-'));
    notes = join(folder, 'hashes');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gives the SHA-256, and does not read a file again that has not changed', async () => {
    const path = join(packageRoot, 'LICENSE');
    assert.equal(await new FileHashes(notes).of(path), sha256(path));
    const [note] = readdirSync(notes).map((name) => join(notes, name));
    const [stamp] = readFileSync(note!, 'utf8').split(' ');
    writeFileSync(note!, `${stamp} remembered`);
    assert.equal(await new FileHashes(notes).of(path), 'remembered');
    writeFileSync(note!, `${stamp}0 outdated`);
    assert.equal(await new FileHashes(notes).of(path), sha256(path));
  });

  it('takes no note of a file that has just been written, which may change without a trace', async () => {
    const path = join(folder, 'model');
    writeFileSync(path, 'one');
    const { atime, mtime } = statSync(path);
    assert.equal(await new FileHashes(notes).of(path), sha256(path));
    writeFileSync(path, 'two');
    utimesSync(path, atime, mtime);
    assert.equal(await new FileHashes(notes).of(path), sha256(path));
    assert.ok(!existsSync(notes));
  });

  it('does without notes where they can not be written', async () => {
    const path = join(packageRoot, 'LICENSE');
    writeFileSync(notes, 'a file');
    assert.equal(await new FileHashes(notes).of(path), sha256(path));
  });
});

describe('hashTexts', () => {
  it('tells texts apart by their content, their order and where one ends', () => {
    const hashes = [['a', 'b'], ['b', 'a'], ['ab'], ['a', 'b', '']].map(hashTexts);
    assert.equal(new Set(hashes).size, 4);
  });
});

describe('checksumOf', () => {
  it('is the CRC-32 of a file, and another after a bit has changed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keras-serve-checksum-'));
    const path = join(folder, 'file');
    try {
      writeFileSync(path, '123456789');
      assert.equal(await checksumOf(path), 0xcbf43926);
      const large = Buffer.alloc(3 * 2 ** 20 + 5, 7);
      writeFileSync(path, large);
      const before = await checksumOf(path);
      large[2 ** 21] = 6;
      writeFileSync(path, large);
      assert.notEqual(await checksumOf(path), before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
