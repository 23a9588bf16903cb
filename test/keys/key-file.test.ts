import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ApiKeys } from '../../src/keys/api-keys.js';
import { isReadableByAll, KeyFileError, parseKeys, readKeyFile } from '../../src/keys/key-file.js';
import { folderWith } from '../helpers/found-models.js';

const key = (name: string): string => `${name}-0123456789abcdef`;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const parse = (text: string | Uint8Array) => parseKeys(typeof text === 'string' ? Buffer.from(text) : text, 'keys.txt');

describe('a file of API keys', () => {
  it('has a key a line, as it is or its hash, with what it is for, comments and empty lines', () => {
    const { keys, hasPlainKeys } = parse(
      [
        '\ufeff# who may ask',
        '',
        `alice ${key('alice')}`,
        `  bob\t${key('bob')}  models=pets,houses  # until March`,
        `carol sha256:${sha256(key('carol')).toUpperCase()} admin models=cafe\u0301`,
        '   # the end',
      ].join('\r\n'),
    );
    assert.equal(hasPlainKeys, true);
    const all = new ApiKeys(keys);
    assert.deepEqual(all.find(key('alice')), { name: 'alice', admin: false });
    assert.deepEqual(all.find(key('bob')), { name: 'bob', models: ['pets', 'houses'], admin: false });
    assert.deepEqual(all.find(key('carol')), { name: 'carol', models: ['caf\u00e9'], admin: true });
    for (const other of [key('dave'), key('Alice'), `${key('alice')} `, '', 'alice', sha256(key('alice'))])
      assert.equal(all.find(other), undefined, other);
    assert.equal(parse(`a sha256:${sha256('x')}`).hasPlainKeys, false);
  });

  const secret = 'TopSecret-0123456789';
  const wrong: [text: string, message: RegExp][] = [
    ['', /^keys\.txt has no key/],
    ['# nobody\n\n', /^keys\.txt has no key/],
    ['alice', /^keys\.txt:1 has a name and no key/],
    [`# x\n\nalice # ${secret}`, /^keys\.txt:3 has a name and no key/],
    ['alice TopSecret', /^keys\.txt:1 has a key of fewer than 16 characters.*openssl rand/],
    [`alice ${secret.repeat(20)}`, /^keys\.txt:1 has a key of more than 256 characters/],
    [`alice "${secret}"`, /^keys\.txt:1 has a key with other characters/],
    [`alice ${secret}ä`, /^keys\.txt:1 has a key with other characters/],
    [`alice sha256:${secret}`, /^keys\.txt:1 has a hash that isn’t 64 hexadecimal digits/],
    [`${secret}=`, /^keys\.txt:1 has to begin with a name/],
    [`${'a'.repeat(65)} ${secret}`, /^keys\.txt:1 has to begin with a name/],
    [`alice key ${secret}`, /^keys\.txt:1 has a key of fewer than 16/],
    [`alice ${secret} ${secret}`, /^keys\.txt:1 has something behind its key that is neither models=… nor admin/],
    [`alice ${secret} Admin`, /^keys\.txt:1 has something behind its key/],
    [`alice ${secret} admin admin`, /^keys\.txt:1 says admin twice/],
    [`alice ${secret} models=a models=b`, /^keys\.txt:1 says models= twice/],
    [`alice ${secret} models=`, /^keys\.txt:1 has models= without names/],
    [`alice ${secret} models=a,,b`, /^keys\.txt:1 has models= without names/],
    [`alice ${secret} models=a, b`, /^keys\.txt:1 /],
    [`alice ${secret} models=../a`, /^keys\.txt:1 has models= without names/],
    [`alice ${secret}\n\nalice ${secret}2`, /^keys\.txt:3 has the name of line 1/],
    [`alice ${secret}\nbob ${secret}`, /^keys\.txt:2 has the key of line 1/],
    [`alice ${secret}\nbob sha256:${sha256(secret)}`, /^keys\.txt:2 has the key of line 1/],
    [`alice ${secret} #${'x'.repeat(10_000)}`, /^keys\.txt:1 has more than 10000 characters/],
    [
      Array.from({ length: 1001 }, (_, index) => `k${index} ${secret}${index}`).join('\n'),
      /^keys\.txt:1001 has one key more than the 1000/,
    ],
  ];
  for (const [text, message] of wrong)
    it(`is refused where it is wrong: ${message.source.slice(0, 60)} (${text.length} characters)`, () => {
      assert.throws(
        () => parse(text),
        (error: Error) => {
          assert.ok(error instanceof KeyFileError);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /TopSecret/);
          return true;
        },
      );
    });

  it('is text', () => {
    assert.throws(() => parse(Buffer.from([0x61, 0x20, 0xff, 0xfe])), /^KeyFileError: keys\.txt isn’t text in UTF-8/);
  });

  it('says nothing of what could be a key, whatever stands there', () => {
    const word = fc.stringMatching(/^[!-"$-~]{1,30}$/);
    fc.assert(
      fc.property(fc.array(fc.array(word, { maxLength: 5 }), { maxLength: 5 }), (lines) => {
        try {
          parse(lines.map((words) => words.join(' ')).join('\n'));
        } catch (error) {
          assert.ok(error instanceof KeyFileError);
          const words = lines.flat().filter((one) => one.length > 6);
          const own = error.message.replace('openssl rand -hex 24', '');
          for (const one of words) assert.ok(!own.includes(one), error.message);
        }
      }),
    );
  });

  it('is a file of at most 1 MB, that can be read', async (t) => {
    const folder = folderWith(t, { keys: `alice ${key('alice')}\n`, large: '#'.repeat(2 ** 20 + 1) });
    assert.equal((await readKeyFile(join(folder, 'keys'))).keys.length, 1);
    await assert.rejects(readKeyFile(join(folder, 'large')), /large can’t be read: the file has more than 1 MB/);
    await assert.rejects(readKeyFile(join(folder, 'none')), /none can’t be read: there is no such file/);
    mkdirSync(join(folder, 'folder'));
    await assert.rejects(readKeyFile(join(folder, 'folder')), /folder can’t be read: that is a folder/);
  });

  it('is known to be readable by everyone', async (t) => {
    const path = join(folderWith(t, { keys: '' }), 'keys');
    writeFileSync(path, '');
    for (const [mode, all] of [
      [0o600, false],
      [0o640, false],
      [0o644, true],
    ] as const) {
      chmodSync(path, mode);
      assert.equal(await isReadableByAll(path), all && process.platform !== 'win32');
    }
  });
});
