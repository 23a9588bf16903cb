/** What files beside a model hold is read where it can do no harm, and once. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import { FileContents } from '../../src/cards/contents/file-contents.js';
import type { Reading } from '../../src/cards/contents/read-messages.js';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { temporaryFolder } from '../helpers/folder.js';
import { readingProcesses } from '../helpers/proc.js';
import { copyOf } from '../helpers/side-cards.js';
import { sideFolders } from '../helpers/side-folders.js';

const clock = () => ({ left: 600_000 });
const words = Buffer.from('{"cat": 1, "dog": 2}');
/** Objects that take twenty times the memory of their text, more than the process that reads them has. */
const exhausting = Buffer.from(`[${'{},'.repeat(14_000_000)}{}]`);
/** Source code of which each comment may go on to the next. */
const laborious = Buffer.from('a=[#'.repeat(1_200_000));

describe('a file that takes too much', () => {
  const contents = new FileContents();

  it('is given up after its time, and holds up neither this process nor the next file', async () => {
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    const reading = contents.read('inputs.tokenizer', exhausting, { left: 0 }).finally(() => {
      isDone = true;
    });
    turn();
    await assert.rejects(reading, { message: 'takes too long to read' });
    // Reading it here would take one turn of the event loop, and opening it a few.
    assert.ok(turns > 50, String(turns));
    assert.deepEqual(await contents.read('inputs.tokenizer', words, clock()), { word_index: { cat: 1, dog: 2 } });
  });

  it('is given up where it is source code, too', async () => {
    await assert.rejects(contents.read('python', laborious, { left: 0 }), { message: 'takes too long to read' });
  });

  it('is not given up for what others take of the processor', { skip: !existsSync('/proc/self/stat') }, async () => {
    const expected = await contents.read('tokenizer', words, clock());
    const [reader] = readingProcesses(process.pid);
    process.kill(reader!, 'SIGSTOP');
    const reading = contents.read('tokenizer', words, { left: 0 });
    // Long after the little time that it has.
    const waking = delay(1000).then(() => process.kill(reader!, 'SIGCONT'));
    assert.deepEqual(await reading, expected);
    await waking;
  });

  it('ends the process that reads it alone', async () => {
    const reading = contents.read('json', exhausting, clock());
    const next = contents.read('tokenizer', words, clock());
    await assert.rejects(reading, { message: 'ends the process that reads it' });
    assert.deepEqual((await next) as object, {
      what: 'holds a dict of 2 entries',
      classes: ['cat', 'dog'],
      vocabulary: { word_index: { cat: 1, dog: 2 } },
    });
  });

  it('is refused where what is in it is nested too deeply to be sent', async () => {
    const nested = Buffer.from(`{"word_index": {"cat": 1}, "x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    await assert.rejects(contents.read('tokenizer', nested, clock()), { message: 'holds what is nested too deeply' });
  });
});

/** The notes in a cache folder. */
const notesIn = (cache: string) => {
  const folder = join(cache, 'contents');
  return readdirSync(folder).map((name) => join(folder, name));
};

/** Puts another reading in the place of what is kept. */
function overwrite(note: string, reading: Reading): void {
  const bytes = serialize(reading);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(bytes));
  writeFileSync(note, Buffer.concat([checksum, bytes]));
}

describe('what was read', () => {
  it('is kept, and not read again until the file is another', async () => {
    const cache = temporaryFolder('contents');
    const read = async (bytes: Uint8Array) => (await FileContents.in(cache)).read('inputs.tokenizer', bytes, clock());
    const expected = { word_index: { cat: 1, dog: 2 } };
    assert.deepEqual(await read(words), expected);
    const [note, ...others] = notesIn(cache);
    assert.deepEqual(others, []);
    overwrite(note!, { content: 'remembered' });
    assert.equal(await read(words), 'remembered');
    assert.deepEqual(await read(Buffer.from('{"cat": 1}')), { word_index: { cat: 1 } });
    const damaged = readFileSync(note!);
    damaged[damaged.length - 1]! ^= 1;
    writeFileSync(note!, damaged);
    assert.deepEqual(await read(words), expected);
  });

  it('is what it is read as: the same bytes are another thing to another reader', async () => {
    const contents = await FileContents.in(temporaryFolder('contents'));
    const list = Buffer.from('["cat", "dog"]');
    assert.deepEqual(await contents.read('inputs.tokenizer', list, clock()), { vocabulary: ['cat', 'dog'] });
    const { what } = (await contents.read('json', list, clock())) as { what: string };
    assert.equal(what, 'holds a list of 2 texts');
  });

  it('includes why a file is refused, but not that it took too long', async () => {
    const cache = temporaryFolder('contents');
    const contents = await FileContents.in(cache);
    await assert.rejects(contents.read('inputs.tokenizer', exhausting, { left: 0 }), /takes too long/);
    await assert.rejects(contents.read('json', Buffer.from('{'), clock()), { message: "isn't JSON" });
    assert.equal(notesIn(cache).length, 1);
  });

  it('is what a model is served with at its next start', async () => {
    const { path } = sideFolders();
    const cacheFolder = temporaryFolder('contents');
    const notesOf = async () => {
      const model = await loadServedModel(join(path, 'flowers'), { processes: 1, cacheFolder });
      await model.close();
      return model.notes.map(({ message }) => message);
    };
    assert.ok((await notesOf()).some((message) => message.startsWith('inputs.x.transform: "scaler.pkl"')));
    for (const note of notesIn(cacheFolder)) overwrite(note, { refused: 'is remembered' });
    assert.ok((await notesOf()).includes('scaler.pkl is remembered: it is not used'));
  });

  it('includes what source code says, by how many numbers a model answers with', async () => {
    const cache = temporaryFolder('contents');
    const path = copyOf('churn', {
      'app.py': 'prediction = model.predict(x)\nlabel = "Churns" if prediction > 0.3 else "Stays"\n',
    });
    const notesOf = async () => {
      const model = await loadServedModel(path, { processes: 1, cacheFolder: cache });
      await model.close();
      return model.notes.map(({ message }) => message);
    };
    assert.ok((await notesOf()).some((message) => message.startsWith('labels: the 2 of label in app.py')));
    const [note, ...others] = notesIn(cache).filter((one) =>
      Array.isArray((deserialize(readFileSync(one).subarray(4)) as { content?: unknown }).content),
    );
    assert.deepEqual(others, []);
    overwrite(note!, { content: [{ name: 'memory', texts: ['Ham', 'Spam'] }] });
    assert.ok((await notesOf()).some((message) => message.startsWith('labels: the 2 of memory in app.py')));
    overwrite(note!, { refused: 'is remembered' });
    assert.ok((await notesOf()).includes('app.py is remembered: what its code says is not used'));
    const contents = await FileContents.in(cache);
    const code = readFileSync(join(path, 'app.py'));
    assert.deepEqual(((await contents.read('python', code, clock(), 'width 3')) as unknown[]).length, 0);
  });
});
