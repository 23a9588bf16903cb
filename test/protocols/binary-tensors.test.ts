import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { datatypeInfos, datatypeOf } from '../../src/protocols/datatypes.js';
import { ProtocolRequestError } from '../../src/protocols/errors.js';
import {
  bytesOfTensor,
  bytesOfTexts,
  countOf,
  elementsOfBytes,
  tensorOfBytes,
} from '../../src/protocols/open-inference/binary-tensors.js';

const datatypes = Object.keys(datatypeInfos) as (keyof typeof datatypeInfos)[];
const native = datatypes.filter((datatype) => datatypeOf(datatypeInfos[datatype].type) === datatype);
const sizes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });

describe('binary tensors', () => {
  it('come back as the bytes that they were', () => {
    fc.assert(
      fc.property(fc.constantFrom(...native), sizes, fc.infiniteStream(fc.nat(255)), (datatype, shape, stream) => {
        const { size, type } = datatypeInfos[datatype];
        const most = datatype === 'BOOL' ? 1 : 255;
        const bytes = Buffer.from([...stream.take(countOf(shape) * size)].map((byte) => Math.min(byte, most)));
        const tensor = tensorOfBytes(datatype, shape, bytes, 'inputs[0]');
        assert.equal(tensor.type, type);
        assert.equal(tensor.data.length, countOf(shape));
        assert.deepEqual(bytesOfTensor(tensor), bytes);
      }),
    );
  });

  it('may begin at any byte', () => {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleLE(Math.PI, 1);
    assert.deepEqual([...tensorOfBytes('FP64', [1], bytes.subarray(1), 'x').data], [Math.PI]);
  });

  it('need as many bytes as their shape says, however large it claims to be', () => {
    const shapes = fc.array(fc.nat(Number.MAX_SAFE_INTEGER), { maxLength: 64 });
    fc.assert(
      fc.property(fc.constantFrom(...datatypes), shapes, fc.uint8Array({ maxLength: 64 }), (datatype, shape, bytes) => {
        if (countOf(shape) * datatypeInfos[datatype].size === bytes.length) return;
        assert.throws(() => tensorOfBytes(datatype, shape, bytes, 'inputs[0]'), ProtocolRequestError);
      }),
    );
  });

  it('of half precision become float32: FP16 and BF16', () => {
    const halves: [bits: number, value: number][] = [
      [0x0000, 0],
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x0400, 2 ** -14],
      [0x0001, 2 ** -24],
      [0x3555, 0.333251953125],
      [0x7c00, Number.POSITIVE_INFINITY],
      [0xfc00, Number.NEGATIVE_INFINITY],
      [0x7e00, Number.NaN],
    ];
    const bytes = Buffer.from(Uint16Array.from(halves, ([bits]) => bits).buffer);
    const tensor = tensorOfBytes('FP16', [halves.length], bytes, 'x');
    assert.deepEqual(
      [...tensor.data],
      halves.map(([, value]) => value),
    );
    const brains = Buffer.from(Uint16Array.of(0x3f80, 0xc049, 0x7f80).buffer);
    assert.deepEqual([...tensorOfBytes('BF16', [3], brains, 'x').data], [1, -3.140625, Number.POSITIVE_INFINITY]);
  });

  it('of BOOL are 0 or 1', () => {
    assert.throws(() => tensorOfBytes('BOOL', [2], Buffer.of(1, 2), 'inputs[0]'), /inputs\[0\] is BOOL/);
  });
});

describe('BYTES', () => {
  it('come back as the texts that they were', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (texts) => {
        const elements = elementsOfBytes(texts.length, bytesOfTexts(texts), 'x');
        assert.deepEqual(elements.map(String), texts);
      }),
    );
  });

  it('are refused where lengths and count don’t fit, and never read beyond their end', () => {
    fc.assert(
      fc.property(fc.nat(10), fc.uint8Array({ maxLength: 60 }), (count, bytes) => {
        try {
          const elements = elementsOfBytes(count, Buffer.from(bytes), 'x');
          const total = elements.reduce((sum, { length }) => sum + 4 + length, 0);
          assert.deepEqual([elements.length, total], [count, bytes.length]);
        } catch (error) {
          assert.ok(error instanceof ProtocolRequestError, String(error));
        }
      }),
    );
    assert.throws(() => elementsOfBytes(1, Buffer.of(255, 255, 255, 255, 1), 'x'), /ends within its element 0/);
    assert.throws(() => elementsOfBytes(2, bytesOfTexts(['a']), 'x'), /should have 2 elements, but has 1/);
    assert.throws(() => elementsOfBytes(1, bytesOfTexts(['a', 'b']), 'x'), /has more/);
  });
});
