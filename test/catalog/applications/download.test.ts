/** Files come whole or not at all, whatever servers do. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import type { DownloadEvent } from '../../../src/applications/download.js';
import { TransferError } from '../../../src/applications/transfer.js';
import { content, filesBeside, kinds, md5, other, run, wanted } from '../../helpers/downloads.js';
import { type Behaviour, startFileServer } from '../../helpers/file-server.js';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('a download', () => {
  it('puts the whole file in its place, with its progress', async (t) => {
    const { url, requests } = await startFileServer(t, () => ({ content }));
    const file = wanted(url);
    const events = await run(file);
    assert.deepEqual(readFileSync(file.path), content);
    assert.deepEqual(filesBeside(file), ['file.h5']);
    assert.equal(requests.length, 1);
    assert.deepEqual(kinds(events), ['started', 'progress', 'finished']);
    const steps = events.flatMap((event) => (event.kind === 'progress' ? [event] : []));
    assert.ok(steps.every(({ received }, index) => received > (steps[index - 1]?.received ?? 0)));
    assert.deepEqual(
      { received: steps.at(-1)!.received, total: steps.at(-1)!.total },
      { received: content.length, total: content.length },
    );
  });

  it('checks SHA-256 where the hash has 64 digits', async (t) => {
    const { url } = await startFileServer(t, () => ({ content }));
    await run(wanted(url, { hash: sha256(content) }));
    await assert.rejects(run(wanted(url, { hash: sha256(other) })), /has the hash [0-9a-f]{64} instead of/);
  });

  it('goes on where the connection broke', async (t) => {
    const { url, requests } = await startFileServer(t, (number) =>
      number < 2 ? { content, stop: 'break', stopAfter: 1_200_000 } : { content },
    );
    const file = wanted(url);
    const events = await run(file);
    assert.deepEqual(readFileSync(file.path), content);
    assert.equal(requests.length, 3);
    for (const { range, ifRange } of requests.slice(1)) {
      assert.match(range!, /^bytes=[1-9]\d*-$/);
      assert.equal(ifRange, `"${md5(content)}"`);
    }
    assert.deepEqual(kinds(events), ['started', 'progress', 'retrying', 'finished']);
    const retry = events.find(({ kind }) => kind === 'retrying') as Extract<DownloadEvent, { kind: 'retrying' }>;
    assert.equal(retry.reason, `${new URL(url).host}: the connection broke off`);
  });

  it('goes on in a later run', async (t) => {
    const { url, requests } = await startFileServer(t, (number) =>
      number === 0 ? { content, stop: 'break', stopAfter: 1_200_000 } : { content },
    );
    const file = wanted(url);
    await assert.rejects(run(file, { pauses: [] }), TransferError);
    assert.deepEqual(filesBeside(file), ['file.h5.part', 'file.h5.part.json']);
    const events = await run(file);
    assert.deepEqual(readFileSync(file.path), content);
    assert.deepEqual(filesBeside(file), ['file.h5']);
    assert.equal(requests.length, 2);
    const [started] = events as [Extract<DownloadEvent, { kind: 'started' }>];
    assert.ok(started.received > 0);
    assert.equal(requests[1]!.range, `bytes=${started.received}-`);
  });

  it('begins anew when the file has changed meanwhile', async (t) => {
    const { url } = await startFileServer(t, (number) =>
      number === 0 ? { content: other, stop: 'break', stopAfter: 1_200_000 } : { content },
    );
    const file = wanted(url);
    await run(file);
    assert.deepEqual(readFileSync(file.path), content);
  });

  const anew: [what: string, behaviour: Behaviour][] = [
    ['has neither ETag nor date', { etag: null }],
    ['has a weak ETag', { etag: 'W/"1"' }],
    ['answers ranges with the whole', { ignoresRanges: true }],
    ['answers with another range', { status: 206, headers: { 'content-range': 'bytes 5-9/10' } }],
    ['answers that there is no such range', { status: 416, headers: { 'content-range': 'bytes */10' } }],
  ];
  for (const [what, behaviour] of anew) {
    it(`begins anew where the server ${what}`, async (t) => {
      const { url, requests } = await startFileServer(t, (number) =>
        number === 0
          ? { content, ...(behaviour.status ? {} : behaviour), stop: 'break', stopAfter: 1_200_000 }
          : { content, ...(behaviour.status && number > 1 ? {} : behaviour) },
      );
      const file = wanted(url);
      await run(file);
      assert.deepEqual(readFileSync(file.path), content);
      const conditional = behaviour.etag === undefined;
      assert.equal(requests[1]!.range !== undefined, conditional);
    });
  }

  it('goes on by the date where there is no ETag', async (t) => {
    const lastModified = 'Mon, 06 Nov 2023 10:00:00 GMT';
    const { url, requests } = await startFileServer(t, (number) => ({
      content,
      etag: null,
      lastModified,
      ...(number === 0 && { stop: 'break', stopAfter: 1_200_000 }),
    }));
    await run(wanted(url));
    assert.equal(requests[1]!.ifRange, lastModified);
    assert.match(requests[1]!.range!, /^bytes=[1-9]/);
  });

  it('takes a part that is whole already', async (t) => {
    const { url, requests } = await startFileServer(t, (number) =>
      number === 0 ? { content, stop: 'break', stopAfter: 1_200_000 } : { content },
    );
    const file = wanted(url);
    await assert.rejects(run(file, { pauses: [] }));
    writeFileSync(`${file.path}.part`, content);
    await run(file);
    assert.deepEqual(readFileSync(file.path), content);
    assert.equal(requests[1]!.range, `bytes=${content.length}-`);
  });

  it('refuses a file with another hash, and keeps nothing of it', async (t) => {
    const { url, requests } = await startFileServer(t, () => ({ content: other }));
    const file = wanted(url);
    await assert.rejects(run(file), {
      name: 'TransferError',
      message: `what came has the hash ${md5(other)} instead of ${md5(content)}; it was not kept`,
    });
    assert.deepEqual(filesBeside(file), []);
    assert.equal(requests.length, 1, 'the same answer would come again');
  });

  it('begins anew when what was put together of two tries has another hash', async (t) => {
    const etag = '"same"';
    const { url, requests } = await startFileServer(t, (number) =>
      number === 0 ? { content: other, etag, stop: 'break', stopAfter: 1_200_000 } : { content, etag },
    );
    const file = wanted(url);
    await run(file);
    assert.deepEqual(readFileSync(file.path), content);
    assert.deepEqual(
      requests.map(({ range }) => range !== undefined),
      [false, true, false],
    );
  });

  it("checks a file that Keras published without a hash against the store's own", async (t) => {
    const goog = (bytes: Buffer) => ({
      'x-goog-hash': `crc32c=AAAAAA==,md5=${createHash('md5').update(bytes).digest('base64')}`,
    });
    const right = await startFileServer(t, () => ({ content, headers: goog(content) }));
    await run(wanted(right.url, { hash: undefined }));
    const wrong = await startFileServer(t, () => ({ content, headers: goog(other) }));
    const file = wanted(wrong.url, { hash: undefined });
    await assert.rejects(run(file), /has the hash/);
    assert.deepEqual(filesBeside(file), []);
  });

  it('refuses what is another kind of file, such as the page of a proxy', async (t) => {
    const { url } = await startFileServer(t, () => ({ content: Buffer.from('<html>Sign in</html>') }));
    const file = wanted(url, { hash: undefined });
    await assert.rejects(run(file), /another kind of file: a proxy or a page to sign in may have answered/);
    assert.deepEqual(filesBeside(file), []);
    const empty = await startFileServer(t, () => ({}));
    await assert.rejects(run(wanted(empty.url, { hash: undefined })), /another kind of file/);
  });

  for (const chunked of [false, true]) {
    it(`refuses more bytes than the file may have, ${chunked ? 'when they come' : 'when they are announced'}`, async (t) => {
      const { url, requests } = await startFileServer(t, () => ({ content, chunked }));
      const file = wanted(url, { maxBytes: 1_000_000 });
      await assert.rejects(run(file), /bytes or more, where at most 1000000 were expected/);
      assert.deepEqual(filesBeside(file), []);
      assert.equal(requests.length, 1);
    });
  }

  for (const status of [401, 403, 404, 410]) {
    it(`gives up on ${status} at once`, async (t) => {
      const { url, requests } = await startFileServer(t, () => ({ status }));
      const file = wanted(url);
      await assert.rejects(run(file), new RegExp(`^TransferError: the server answers ${status} `));
      assert.equal(requests.length, 1);
      assert.deepEqual(filesBeside(file), []);
    });
  }

  for (const status of [408, 429, 500, 503]) {
    it(`tries again after ${status}, a few times`, async (t) => {
      const { url, requests } = await startFileServer(t, (number) => (number < 2 ? { status } : { content }));
      await run(wanted(url));
      assert.equal(requests.length, 3);
      const never = await startFileServer(t, () => ({ status }));
      await assert.rejects(run(wanted(never.url)), new RegExp(`the server answers ${status}`));
      assert.equal(never.requests.length, 4);
    });
  }

  it('gives up a connection on which nothing comes, and tries again', async (t) => {
    const { url, requests } = await startFileServer(t, (number) =>
      number === 0 ? { content, stop: 'silence', stopAfter: 100_000 } : { content },
    );
    const file = wanted(url);
    const events = await run(file, { stallTimeout: 1000 });
    assert.deepEqual(readFileSync(file.path), content);
    assert.match(requests[1]!.range!, /^bytes=[1-9]/);
    const retry = events.find(({ kind }) => kind === 'retrying') as Extract<DownloadEvent, { kind: 'retrying' }>;
    assert.equal(retry.reason, 'nothing came for 1 seconds');
  });

  it('says that the host refuses the connection', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const file = wanted(`http://127.0.0.1:${port}/file.h5`);
    await assert.rejects(run(file), { message: `127.0.0.1:${port}: the host refuses the connection` });
    assert.deepEqual(filesBeside(file), []);
  });

  it('says where it may not write', async (t) => {
    const { url } = await startFileServer(t, () => ({ content }));
    await assert.rejects(run(wanted(url, { path: '/dev/null/models/file.h5' })), {
      message: 'what should be its folder is a file',
    });
  });

  it('is given up on a signal, and kept for the next', async (t) => {
    const { url, got } = await startFileServer(t, () => ({ content, stop: 'silence', stopAfter: 1_200_000 }));
    const file = wanted(url);
    const controller = new AbortController();
    const running = run(file, {
      signal: controller.signal,
      onEvent: (event) => event.kind === 'progress' && event.received > 1_000_000 && controller.abort(),
    });
    await assert.rejects(running, { name: 'AbortError' });
    await got(1);
    assert.deepEqual(filesBeside(file), ['file.h5.part', 'file.h5.part.json']);
  });
});
