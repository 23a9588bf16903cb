import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeDefFromBytes } from '../../src/onnx/layers/operations/node-def-bytes.js';
import { float, integer, integers, ProtobufError, readFields, readHeads } from '../../src/support/protobuf-reader.js';

const bytes = (...parts: (number | string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))));
/** A field of bytes: its number, how many there are, and they. */
const field = (number: number, ...parts: (number | string | Buffer)[]): Buffer => {
  const content = bytes(...parts);
  return bytes(number * 8 + 2, content.length, content);
};
const minusOne = Buffer.from('ffffffffffffffffff01', 'hex');

describe('fields of protobuf messages', () => {
  it('are numbers, texts and floats', () => {
    const message = bytes(0x08, 0x96, 0x01, field(2, 'ab'), 0x1d, 0x00, 0x00, 0xc0, 0x3f, 0x08, minusOne);
    assert.deepEqual(
      [...readFields(message)].map((one) => [one.field, 'value' in one ? one.value : one.bytes.toString('hex')]),
      [
        [1, 150n],
        [2, '6162'],
        [3, '0000c03f'],
        [1, 2n ** 64n - 1n],
      ],
    );
    assert.equal(integer(message, 1), -1);
    assert.equal(float(message, 3), 1.5);
    assert.deepEqual([integer(message, 9), float(message, 9)], [0, 0]);
  });

  it('that are repeated are packed or apart', () => {
    assert.deepEqual(integers(bytes(0x18, 1, 0x18, 0xac, 0x02), 3), [1, 300]);
    assert.deepEqual(integers(field(3, 1, 0xac, 0x02, minusOne), 3), [1, 300, -1]);
    assert.throws(() => integers(field(3, 0xac), 3), ProtobufError);
  });

  it('that are cut off are refused, and their heads known', () => {
    const start = bytes(0x08, 9, 0x3a, 0xff, 0x7f);
    assert.deepEqual([...readHeads(start)].at(-1), { field: 7, wire: 2, value: 16383n, start: 5, length: 16383 });
    for (const message of [start, Buffer.of(0x08), Buffer.alloc(11, 0xff), Buffer.of(0x0b), Buffer.of(0x0d, 1)])
      assert.throws(() => [...readFields(message)], ProtobufError);
  });
});

describe('a NodeDef in bytes', () => {
  const attribute = (name: string, ...value: (number | string | Buffer)[]) =>
    field(5, field(1, name), field(2, ...value));
  const node = bytes(
    field(1, 'conv'),
    field(2, 'Conv2D'),
    attribute('strides', field(1, 0x18, 1, 0x18, 2)),
    attribute('dilations', field(1, field(3, 3, 4))),
    attribute('padding', field(2, 'SAME')),
    attribute('axis', 0x18, minusOne),
    attribute('alpha', 0x25, 0x00, 0x00, 0x00, 0x3f),
    attribute('keep', 0x28, 1),
    attribute('T', 0x30, 1),
    attribute('unknown', 0x30, 99),
    attribute('none'),
  );

  it('has its attributes by name', () => {
    assert.deepEqual(nodeDefFromBytes(node), {
      op: 'Conv2D',
      attributes: {
        strides: [1, 2],
        dilations: [3, 4],
        padding: 'SAME',
        axis: -1,
        alpha: 0.5,
        keep: true,
        T: 'float32',
        unknown: null,
        none: null,
      },
    });
  });

  it('is none where it has no operation, or is cut off', () => {
    assert.equal(nodeDefFromBytes(field(1, 'conv')), undefined);
    for (let length = 0; length < node.length; length++) {
      const found = nodeDefFromBytes(node.subarray(0, length));
      assert.ok(found === undefined || found.op === 'Conv2D');
    }
  });
});
