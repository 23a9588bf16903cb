/** Small files, asked for by clients that take none of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { connectTo, isAtRest, listen, requestBytes, send, until } from '../helpers/raw-client.js';

/** The files of Swagger UI or the page that this process has open. */
const openFiles = (): string[] =>
  readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return /swagger-ui\/static|routes\/page/.test(path) ? [path] : [];
    } catch {
      return [];
    }
  });

const onLinux = process.platform === 'linux' ? {} : { skip: 'open files are read from /proc, which only Linux has' };

describe('static files', () => {
  it('are not open while clients leave their replies unread', onLinux, async (t) => {
    const path = '/docs/static/swagger-ui-bundle.js';
    const { app, url } = await listen(t, { model: doublingModel() });
    // From now on they are in memory.
    assert.equal((await app.inject(path)).statusCode, 200);
    const bytes = Buffer.concat(Array.from({ length: 400 }, () => requestBytes('GET', path)));
    const sockets = await Promise.all(Array.from({ length: 20 }, () => connectTo(url)));
    for (const socket of sockets) socket.pause().write(bytes);
    await until(() => kerasServeOf(app).replies.size > 0, 'replies');
    assert.deepEqual(openFiles(), []);
    for (const socket of sockets) socket.resetAndDestroy();
    await until(() => isAtRest(app), 'rest');
    assert.deepEqual(openFiles(), []);
  });

  it('are answered whole, in part, or not again', async (t) => {
    const { app } = await listen(t, { model: doublingModel() });
    const url = '/docs/static/swagger-ui.css';
    const whole = await app.inject(url);
    assert.deepEqual([whole.statusCode, whole.headers['content-type']], [200, 'text/css; charset=utf-8']);
    const headers = { 'if-none-match': `"other", ${whole.headers.etag}` };
    const again = await app.inject({ url, headers });
    assert.deepEqual([again.statusCode, again.payload], [304, '']);
    const part = await app.inject({ url, headers: { range: 'bytes=10-19' } });
    assert.deepEqual([part.statusCode, part.payload], [206, whole.payload.slice(10, 20)]);
    const length = Number(whole.headers['content-length']);
    const rest = await app.inject({ url, headers: { range: `bytes=10-${10 * length}` } });
    assert.deepEqual([rest.statusCode, rest.payload], [206, whole.payload.slice(10)]);
    assert.equal(rest.headers['content-range'], `bytes 10-${length - 1}/${length}`);
    const head = await app.inject({ method: 'HEAD', url });
    assert.deepEqual([head.statusCode, head.payload], [200, '']);
    assert.equal(head.headers['content-length'], whole.headers['content-length']);
  });

  for (const name of ['%2e%2e/package.json', '%2e%2e', '..%2f..%2fpackage.json', '%00', '', 'no.js', 'constructor'])
    it(`are 404 where there are none: ${name}`, async (t) => {
      const { url } = await listen(t, { model: doublingModel() });
      const socket = await send(url, requestBytes('GET', `/docs/static/${name}`));
      const reply = String((await once(socket, 'data'))[0]);
      socket.destroy();
      assert.match(reply, /^HTTP\/1.1 404 .*"code":"not_found"/s);
    });
});
