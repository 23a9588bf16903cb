import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesOfTexts, elementsOfBytes } from '../../src/protocols/open-inference/binary-tensors.js';
import { type InferenceToWrite, writeInference } from '../../src/protocols/open-inference/reply.js';
import type { Tensors } from '../../src/support/tensor.js';

describe('the elements of BYTES', () => {
  const [a, b] = [bytesOfTexts(['a']), bytesOfTexts(['b'])];
  const cases: [count: number, bytes: Buffer, message: string][] = [
    [1, Buffer.of(1, 0, 0), 'x ends within its element 0.'],
    [1, Buffer.of(2, 0, 0, 0, 1), 'x ends within its element 0.'],
    [2, Buffer.concat([a, b.subarray(0, 4)]), 'x ends within its element 1.'],
    [2, a, 'x should have 2 elements, but has 1.'],
    [1, Buffer.concat([a, b]), 'x should have 1 elements, but has more than these.'],
    [0, a, 'x should have 0 elements, but has more than these.'],
  ];
  for (const [count, bytes, message] of cases)
    it(`are refused: ${message}`, () => assert.throws(() => elementsOfBytes(count, bytes, 'x'), { message }));

  it('may be empty', () => {
    assert.deepEqual(elementsOfBytes(2, Buffer.alloc(8), 'x').map(String), ['', '']);
    assert.deepEqual(elementsOfBytes(0, Buffer.alloc(0), 'x'), []);
  });
});

describe('an inference reply', () => {
  const tensors: Tensors = {
    y: { type: 'float32', shape: [2, 3], data: Float32Array.of(0.5, 0.25, Number.NaN, 0, 1, 2) },
    z: { type: 'int64', shape: [1], data: BigInt64Array.of(-1n) },
  };
  const output = (name: string, binary = false, classes?: number) => ({ name, binary, classes });
  const write = (given: Partial<InferenceToWrite>) =>
    writeInference({
      modelName: 'm',
      modelVersion: '3',
      id: undefined,
      tensors,
      outputs: [output('y')],
      classes: { output: 'y', labels: [] },
      maxSize: 2 ** 20,
      ...given,
    });
  const outputsIn = (given: Partial<InferenceToWrite>) =>
    JSON.parse(Buffer.concat(write(given).json).toString()).outputs;

  it('has outputs in JSON, or as bytes in their order', () => {
    const { json, binary } = write({ outputs: [output('z', true), output('y'), output('z', true, undefined)] });
    assert.equal(
      Buffer.concat(json).toString(),
      '{"model_name":"m","model_version":"3","outputs":[' +
        '{"name":"z","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}},' +
        '{"name":"y","datatype":"FP32","shape":[2,3],"data":[0.5,0.25,null,0,1,2]},' +
        '{"name":"z","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}}]}',
    );
    assert.deepEqual(binary, [Buffer.alloc(8, 255), Buffer.alloc(8, 255)]);
  });

  it('has the likeliest classes with the labels that are known of that output', () => {
    const labels = ['a', ['n1', 'b'] as const];
    const rows = (given: Partial<InferenceToWrite>) => outputsIn(given)[0];
    const classes = { output: 'y', labels };
    assert.deepEqual(rows({ outputs: [output('y', false, 2)], classes }), {
      name: 'y',
      datatype: 'BYTES',
      shape: [2, 2],
      data: ['0.5:0:a', '0.25:1:b', '2:2', '1:1:b'],
    });
    assert.deepEqual(rows({ outputs: [output('y', false, 9)], classes: { output: 'z', labels } }), {
      name: 'y',
      datatype: 'BYTES',
      shape: [2, 3],
      data: ['0.5:0', '0.25:1', 'NaN:2', '2:2', '1:1', '0:0'],
    });
    const { json, binary } = write({ outputs: [output('y', true, 1)], classes });
    assert.deepEqual(elementsOfBytes(2, binary[0] as Buffer, 'y').map(String), ['0.5:0:a', '2:2']);
    assert.match(Buffer.concat(json).toString(), /"shape":\[2,1\],"parameters":\{"binary_data_size":18\}/);
  });

  it('ends where JSON and bytes are more than they may be', () => {
    const outputs = [output('y', true)];
    const { json, binary } = write({ outputs });
    const size = [...json, ...binary].reduce((sum, { length }) => sum + length, 0);
    assert.equal(write({ outputs, maxSize: size }).binary.length, 1);
    assert.throws(() => write({ outputs, maxSize: size - 1 }), { code: 'content_too_large' });
  });
});
