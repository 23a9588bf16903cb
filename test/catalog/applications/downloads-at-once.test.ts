/** Several processes that want the same file. */
import assert from 'node:assert/strict';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { content, filesBeside, kinds, run, wanted } from '../../helpers/downloads.js';
import { startFileServer } from '../../helpers/file-server.js';

describe('downloads of one file at once', () => {
  it('are one: the others wait for it', async (t) => {
    const { url, requests } = await startFileServer(t, () => ({ content }));
    const file = wanted(url);
    const all = await Promise.all(Array.from({ length: 4 }, () => run(file)));
    assert.equal(requests.length, 1);
    assert.deepEqual(readFileSync(file.path), content);
    assert.deepEqual(filesBeside(file), ['file.h5']);
    assert.equal(all.filter((events) => kinds(events).includes('finished')).length, 1);
    assert.equal(all.filter((events) => kinds(events).includes('waiting')).length, 3);
  });

  it('are gone on with by those who waited, when the one fails', async (t) => {
    const { url, requests } = await startFileServer(t, (number) =>
      number === 0 ? { content, stop: 'break', stopAfter: 1_200_000 } : { content },
    );
    const file = wanted(url);
    const results = await Promise.allSettled(Array.from({ length: 3 }, () => run(file, { pauses: [] })));
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'fulfilled', 'rejected']);
    assert.equal(requests.length, 2);
    assert.match(requests[1]!.range!, /^bytes=[1-9]/);
    assert.deepEqual(readFileSync(file.path), content);
  });

  /** A part that a process of another machine has begun. */
  async function begun(t: TestContext, age: number) {
    const server = await startFileServer(t, (number) =>
      number === 0 ? { content, stop: 'break', stopAfter: 1_200_000 } : { content },
    );
    const file = wanted(server.url);
    await assert.rejects(run(file, { pauses: [] }));
    const record = `${file.path}.part.json`;
    const owner = { ...JSON.parse(readFileSync(record, 'utf8')), id: 'foreign', host: 'elsewhere' };
    writeFileSync(record, JSON.stringify(owner));
    const then = new Date(Date.now() - age);
    utimesSync(record, then, then);
    return { ...server, file };
  }

  it('wait for a process of another machine', async (t) => {
    const { file, requests } = await begun(t, 0);
    const running = run(file, { onEvent: ({ kind }) => kind === 'waiting' && writeFileSync(file.path, content) });
    await running;
    assert.equal(requests.length, 1);
  });

  it('take over what it has left alone', async (t) => {
    const { file, requests } = await begun(t, 60_000);
    await run(file);
    assert.deepEqual(readFileSync(file.path), content);
    assert.match(requests[1]!.range!, /^bytes=[1-9]/);
    assert.deepEqual(filesBeside(file), ['file.h5']);
  });

  const damaged: [what: string, text: string][] = [
    ['is cut off', '{"id":"fore'],
    ['is something else', '[null]'],
    ['has what no header can have', JSON.stringify({ id: null, host: 'elsewhere', pid: 1, validator: 'a\r\nb: c' })],
  ];
  for (const [what, text] of damaged) {
    it(`begin anew where what lies beside the part ${what}`, async (t) => {
      const { file, requests } = await begun(t, 0);
      const record = `${file.path}.part.json`;
      writeFileSync(record, text);
      const then = new Date(Date.now() - 60_000);
      utimesSync(record, then, then);
      await run(file);
      assert.deepEqual(readFileSync(file.path), content);
      assert.equal(requests[1]!.range, undefined);
      assert.deepEqual(filesBeside(file), ['file.h5']);
    });
  }
});
