import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { listen, receiver, send, sendSync } from '../../src/inference/channel.js';

const array = fc.oneof(
  fc.uint8Array(),
  fc.int8Array(),
  fc.uint16Array(),
  fc.int16Array(),
  fc.uint32Array(),
  fc.int32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
);
const tensor = fc.record({ type: fc.string(), shape: fc.array(fc.nat()), data: array }, { noNullPrototype: true });
const inputs = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$array', '__proto__')), tensor, {
  noNullPrototype: true,
});
const message = fc.record({ kind: fc.string(), inputs }, { noNullPrototype: true });

/** The bytes that are sent for messages. */
function sentFor(messages: readonly object[]): Buffer {
  const chunks: Buffer[] = [];
  const stream = new Duplex({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  for (const one of messages) send(stream, one);
  return Buffer.concat(chunks);
}

/** What comes out of bytes that arrive in pieces of the given sizes, again and again. */
function receivedFrom(bytes: Buffer, sizes: readonly number[]): unknown[] {
  const stream = new PassThrough();
  const received: unknown[] = [];
  listen(stream, (one) => received.push(one));
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    stream.emit('data', bytes.subarray(at, at + size));
    at += size;
  }
  return received;
}

/** More bytes than are sent in one piece. */
const large = fc.nat({ max: 3000 }).map((more) => ({ kind: 'large', data: new Float64Array(2000 + more).fill(more) }));
const messages = fc.array(fc.oneof({ weight: 4, arbitrary: message }, large), { maxLength: 4 });

describe('the channel to inference processes', () => {
  it('brings messages whole, however they are cut on the way', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 });
    fc.assert(
      fc.property(messages, sizes, (sent, sizes) => assert.deepEqual(receivedFrom(sentFor(sent), sizes), sent)),
    );
  });

  it('brings the same through a file descriptor, and then undefined', () => {
    const folder = mkdtempSync(join(tmpdir(), 'channel-'));
    const path = join(folder, 'messages');
    try {
      fc.assert(
        fc.property(messages, (sent) => {
          const out = openSync(path, 'w');
          for (const one of sent) sendSync(out, one);
          closeSync(out);
          const descriptor = openSync(path, 'r');
          const receive = receiver(descriptor);
          for (const one of sent) assert.deepEqual(receive(), one);
          assert.equal(receive(), undefined);
          closeSync(descriptor);
        }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('takes a part of an array as the part alone, and a Buffer as bytes', () => {
    const bytes = sentFor([{ part: new Float32Array([1, 2, 3, 4]).subarray(1, 3), bytes: Buffer.from('abc') }]);
    const received = [{ part: Float32Array.of(2, 3), bytes: new Uint8Array([97, 98, 99]) }];
    assert.deepEqual(receivedFrom(bytes, [bytes.length]), received);
  });
});
