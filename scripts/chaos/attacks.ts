/** Clients that go away, don't read, don't finish, or send rubbish. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../fuzz/random.js';
import { bytesOf, headOf, heavy, type Request } from './requests.js';

/** What an attacker has at hand. All of its connections are closed when it is done. */
export class Attacker {
  private readonly sockets: Socket[] = [];

  constructor(
    private readonly url: URL,
    readonly random: Random,
    private readonly requests: readonly Request[],
    private readonly end: AbortSignal,
  ) {}

  /** A connection that reads nothing by itself; what happens to it is its own affair. */
  async open(): Promise<Socket> {
    const socket = connect(Number(this.url.port), this.url.hostname).on('error', () => undefined);
    this.sockets.push(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
    return socket;
  }

  /** A request for some route: every third with a body, a few of them heavy. */
  request(): Request {
    if (this.random.below(50) === 0) return this.random.pick(heavy);
    const withBody = this.random.below(3) === 0;
    return this.random.pick(this.requests.filter(({ body }) => (body !== undefined) === withBody));
  }

  /** Waits up to so many milliseconds, less where the attack is to end. */
  async wait(most: number): Promise<void> {
    await sleep(this.random.below(most), undefined, { signal: this.end }).catch(() => undefined);
  }

  /** Goes away: with or without a word. */
  leave(socket: Socket): void {
    if (this.random.below(2)) socket.resetAndDestroy();
    else socket.destroy();
  }

  release(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** What isn't HTTP, or isn't quite. */
const rubbish: string[] = [
  'hello\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'GET / HTTP/9.9\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
  'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
  'POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nZZ\r\n',
  'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
  'POST /v2/models/double/infer HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip.',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n',
];

/** Every way to be a nuisance, by its name. */
export const attacks: Record<string, (attacker: Attacker) => Promise<void>> = {
  async 'leaves in the middle of a request'(attacker) {
    const socket = await attacker.open();
    const bytes = bytesOf(attacker.request());
    socket.write(bytes.subarray(0, attacker.random.below(bytes.length)));
    await attacker.wait(200);
    attacker.leave(socket);
  },

  async 'leaves after the body'(attacker) {
    const sockets = await Promise.all(many(4, () => attacker.open()));
    for (const socket of sockets) socket.write(bytesOf(attacker.request()));
    await attacker.wait(300);
    for (const socket of sockets) attacker.leave(socket);
  },

  async 'leaves while something heavy is worked on'(attacker) {
    const socket = await attacker.open();
    socket.write(bytesOf(attacker.random.pick(heavy)));
    await attacker.wait(400);
    attacker.leave(socket);
  },

  async 'pipelines hundreds and resets'(attacker) {
    const get = attacker.random.pick([
      '/openapi.json',
      '/docs/static/swagger-ui-bundle.js',
      '/',
      '/models',
      '/metrics',
    ]);
    const bytes = bytesOf({ method: 'GET', path: get, headers: {} });
    const socket = await attacker.open();
    socket.write(Buffer.concat(many(100 + attacker.random.below(500), () => bytes)));
    await attacker.wait(200);
    attacker.leave(socket);
  },

  async 'pipelines all kinds and resets'(attacker) {
    const socket = await attacker.open();
    socket.write(Buffer.concat(many(30, () => bytesOf(attacker.request()))));
    await attacker.wait(500);
    attacker.leave(socket);
  },

  async 'sends half a head'(attacker) {
    const socket = await attacker.open();
    const head = headOf(attacker.request());
    socket.write(head.subarray(0, 1 + attacker.random.below(head.length - 2)));
    await attacker.wait(3000);
  },

  async 'sends half a body'(attacker) {
    const socket = await attacker.open();
    const bytes = bytesOf(attacker.random.pick(heavy));
    socket.write(bytes.subarray(0, bytes.length / 2));
    await attacker.wait(3000);
  },

  async 'asks and never reads'(attacker) {
    const socket = await attacker.open();
    const bytes = bytesOf(attacker.request());
    socket.write(Buffer.concat(many(40, () => bytes)));
    await attacker.wait(4000);
  },

  async 'reads a little at a time'(attacker) {
    const socket = await attacker.open();
    const bytes = bytesOf({ method: 'GET', path: '/docs/static/swagger-ui-bundle.js', headers: {} });
    socket.write(Buffer.concat(many(4, () => bytes)));
    for (let round = 0; round < 20; round++) {
      socket.read(1000);
      await attacker.wait(200);
    }
  },

  async 'sends a byte at a time'(attacker) {
    const socket = await attacker.open();
    const bytes = bytesOf(attacker.request());
    for (let at = 0; at < 30 && at < bytes.length; at++) {
      socket.write(bytes.subarray(at, at + 1));
      await attacker.wait(150);
    }
  },

  async 'says that it will send no more and reads on'(attacker) {
    const socket = await attacker.open();
    socket.resume().end(bytesOf(attacker.request()));
    await Promise.race([once(socket, 'close').catch(() => undefined), attacker.wait(2000)]);
  },

  async 'sends chunks that never end'(attacker) {
    const socket = await attacker.open();
    socket.write(
      'POST /models/double/predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    for (let round = 0; round < 20; round++) {
      socket.write(`10000\r\n${' '.repeat(0x10000)}\r\n`);
      await attacker.wait(50);
    }
    attacker.leave(socket);
  },

  async 'waits for a word to go on, and goes'(attacker) {
    const socket = await attacker.open();
    const { body, ...request } = attacker.random.pick(heavy);
    const headers = { ...request.headers, expect: '100-continue', 'content-length': String(body!.length) };
    socket.write(headOf({ ...request, headers }));
    await attacker.wait(500);
    attacker.leave(socket);
  },

  async 'sends rubbish'(attacker) {
    const socket = await attacker.open();
    if (attacker.random.below(2)) socket.write(bytesOf(attacker.request()));
    socket.write(attacker.random.pick(rubbish));
    await attacker.wait(300);
  },

  async 'connects and leaves at once'(attacker) {
    const sockets = await Promise.all(many(50, () => attacker.open()));
    for (const socket of sockets) attacker.leave(socket);
  },

  async 'connects often and does nothing'(attacker) {
    await Promise.all(many(150, () => attacker.open()));
    await attacker.wait(3000);
  },
};
