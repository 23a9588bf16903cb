/** What the log has of requests, at its most talkative: never what they carry. */
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { photo } from '../helpers/app.js';
import { formOf } from '../helpers/form.js';
import { folderOf, kindModels } from '../helpers/kind-models.js';
import { requestBytes, send } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';

/** What must not be found, as it is sent; and how else it might be written. */
const secret = 'swordfish';
const number = 987_654_321;
const forms = [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex'), String(number)];

const query = `${secret}=1&top_k=${secret}&webhook=${encodeURIComponent(`https://${secret}.example/?token=${secret}`)}`;
const queries = ['', `?${query}`, `?top_k=1&api_key=${secret}`, `?${secret}`];

const headers = {
  authorization: `Bearer ${secret}`,
  'x-api-key': secret,
  cookie: `session=${secret}`,
  'user-agent': secret,
  referer: `https://${secret}.example/?${secret}`,
  origin: `https://${secret}.example`,
  prefer: `respond-async; ${secret}`,
  'idempotency-key': secret,
  'x-request-id': secret,
  'x-forwarded-for': secret,
  'accept-language': secret,
};

const person = { [secret]: secret, area: number, rooms: secret, age: number, pulse: number };
const { headers: formHeaders, payload: formBytes } = await formOf(
  [secret, secret],
  ['photo', Buffer.from(secret), `${secret}.jpg`],
  ['area', String(number)],
);

/** Bodies of all kinds, right and wrong. */
const bodies: readonly (readonly [type: string, body: string | Buffer])[] = [
  ['application/json', JSON.stringify(person)],
  ['application/json', JSON.stringify({ instances: [person, secret, [number, number], [[number]]] })],
  ['application/json', JSON.stringify({ instances: [{ area: number, rooms: 2 }] })],
  ['application/json', JSON.stringify({ instances: [[number, 2]], signature_name: secret })],
  ['application/json', JSON.stringify({ inputs: { home: [[number, number]], [secret]: [secret] } })],
  ['application/json', JSON.stringify({ image: Buffer.from(secret).toString('base64'), text: secret })],
  ['application/json', JSON.stringify({ image: `https://${secret}.example/?${secret}` })],
  [
    'application/json',
    JSON.stringify({ inputs: [{ name: secret, shape: [1], datatype: secret, data: [secret] }], id: secret }),
  ],
  ['application/json', `{"${secret}": ${secret}}`],
  ['application/json', `{"${secret}": 1, "${secret}": 2}`],
  ['application/json', `"${secret}`],
  [formHeaders['content-type']!, formBytes],
  [`multipart/form-data; boundary=${secret}`, `--${secret}\r\n${secret}`],
  ['text/csv', `area,rooms,${secret}\n${number},2,${secret}\n`],
  ['text/csv', `area,rooms\n${number},2\n${secret},"${secret}\n`],
  ['text/plain', secret],
  ['image/jpeg', Buffer.concat([photo('cat.jpg').subarray(0, 2000), Buffer.from(secret)])],
  ['image/svg+xml', `<svg><text>${secret}</text></svg>`],
  ['application/octet-stream', secret],
  ['application/x-www-form-urlencoded', `area=${number}&rooms=${secret}&${secret}=1`],
  [`application/${secret}`, secret],
  [secret, secret],
];

/** What makes no request, or an odd one. */
const odd = [
  `${secret}\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: ${secret}\r\n${secret}\r\n\r\n`,
  `GET /?${secret} HTTP/1.1\r\nHost: a\r\nX: ${secret.repeat(3000)}\r\n\r\n`,
  `CONNECT ${secret}:443 HTTP/1.1\r\nHost: ${secret}:443\r\n\r\n`,
  `GET /health/live?${secret} HTTP/1.1\r\nHost: a\r\nUpgrade: ${secret}\r\nConnection: upgrade\r\n\r\n`,
  `POST /predict?${secret} HTTP/1.1\r\nHost: a\r\nExpect: ${secret}\r\nContent-Length: 0\r\n\r\n`,
  `POST /predict?%zz${secret} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n${secret}`,
  `POST /predict HTTP/1.1\r\nHost: a\r\nContent-Encoding: ${secret}\r\nContent-Length: 9\r\nConnection: close\r\n\r\n${secret}`,
  `POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${secret}\r\n`,
  `POST /predict?${secret} HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\n${secret}`,
];

describe('the log', () => {
  it('never has what requests carry: inputs, keys, queries, headers, on any route, at the level trace', async (t) => {
    const server = await startServer(t, ['--log-level', 'trace', '--request-timeout', '2'], folderOf(kindModels));
    const { url, child, ended } = server;
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const names = Object.keys(kindModels);
    let place = 0;
    const addressOf = (path: string) =>
      path.replace(/\{(\w+)\}/g, (_, name) => (/version/.test(name) ? '1' : names[place++ % names.length]!));

    let asked = 0;
    const ask = async (path: string, init: RequestInit) => {
      const reply = await fetch(url + path, { ...init, headers: { ...headers, ...(init.headers as object) } });
      await reply.arrayBuffer();
      asked++;
    };
    for (const path of [...Object.keys(paths), '/', '/docs', '/nowhere', '/v1/nowhere', '/v2/nowhere'])
      for (const search of queries) {
        await ask(addressOf(path) + search, { method: 'GET' });
        await ask(addressOf(path) + search, { method: 'DELETE' });
      }
    for (const path of Object.keys(paths).filter((path) => 'post' in paths[path]!))
      for (const [index, [type, body]] of bodies.entries())
        await ask(addressOf(path) + queries[index % queries.length], {
          method: 'POST',
          headers: { 'content-type': type },
          body: new Uint8Array(Buffer.from(body)),
        });
    for (const bytes of [
      ...odd.map((line) => Buffer.from(line)),
      requestBytes('GET', `/models?${query}`, { headers }),
    ]) {
      const socket = await send(url, bytes);
      socket.end();
      await text(socket).catch(() => undefined);
    }

    child.kill('SIGTERM');
    const { stdout, stderr } = await ended;
    const lines = stdout.split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.filter(({ status }) => status).length >= asked * 0.9, 'requests are logged');
    assert.ok(
      lines.some(({ msg }) => msg === 'request refused'),
      'and why they are refused',
    );
    assert.ok(
      lines.some(({ url }) => url === '/predict?…'),
      'and that there was a query',
    );
    const found = [...stdout.split('\n'), ...stderr.split('\n')].filter((line) =>
      forms.some((form) => line.toLowerCase().includes(form.toLowerCase())),
    );
    assert.deepEqual(found, []);
  });
});
