import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { InstancesError, tensorsOf } from '../../src/datapoints/instances.js';
import { modelSchemas } from '../../src/datapoints/model-schemas.js';
import { type Signature, type TensorInfo, type TensorType, tensorArrays } from '../../src/support/tensor.js';
import { tensorsOnly } from '../helpers/kinds.js';
import { runs } from '../helpers/runs.js';

const types = Object.keys(tensorArrays) as TensorType[];
const info = (name: string, shape: (number | null)[], type: TensorType = 'float32'): TensorInfo => ({
  name,
  shape,
  type,
});
const schemasOf = (signature: Signature) => modelSchemas({ ...signature, kinds: tensorsOnly(signature) });

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(null)), { maxLength: 3 });
const arbitrarySignature = fc
  .uniqueArray(fc.record({ name: fc.string({ minLength: 1 }), type: fc.constantFrom(...types), rest: sizes }), {
    selector: ({ name }) => name,
    minLength: 1,
    maxLength: 4,
  })
  .map((inputs): Signature => {
    const infos = inputs
      .filter(({ name }) => name !== '__proto__')
      .map(({ name, type, rest }) => info(name, [null, ...rest], type));
    return { inputs: infos, outputs: [info('y', [null])] };
  })
  .filter(({ inputs }) => inputs.length > 0);

describe('modelSchemas', () => {
  it('makes examples that keep to the schema and are taken, for any signature', () => {
    fc.assert(
      fc.property(arbitrarySignature, (signature) => {
        const { request, example } = schemasOf(signature);
        assert.ok(Compile(request).Check(example));
        const tensors = tensorsOf(example, signature);
        assert.deepEqual(Object.keys(tensors).sort(), signature.inputs.map(({ name }) => name).sort());
      }),
    );
  });

  it('takes what tensorsOf takes as instances, and nothing else', () => {
    const signature: Signature = {
      inputs: [info('x', [null, 2, 2]), info('n', [null], 'int8'), info('ok', [null, 1], 'bool')],
      outputs: [info('y', [null])],
    };
    const check = Compile(schemasOf(signature).request);
    const value = fc.oneof(
      fc.constantFrom(0, 1, 2, -1, 0.5, 127, 128, true, null, 'a', 1e39),
      fc.array(fc.constantFrom(0, 1, true), { minLength: 1, maxLength: 2 }),
      fc.array(fc.array(fc.constantFrom(0, 1.5, 1e39), { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 3 }),
    );
    const row = fc.record({ x: value, n: value, ok: value, other: value }, { requiredKeys: ['x', 'n'] });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 3 }), (instances) => {
        let taken = true;
        try {
          tensorsOf({ instances }, signature);
        } catch (error) {
          assert.ok(error instanceof InstancesError);
          taken = false;
        }
        assert.equal(check.Check({ instances }), taken, JSON.stringify(instances));
      }),
      runs(20),
    );
  });

  it('has whole inputs by name where they have no rows in common', () => {
    const signature: Signature = { inputs: [info('x', [null, 2]), info('scale', [])], outputs: [info('y', [null])] };
    const { request, example } = schemasOf(signature);
    assert.ok(Compile(request).Check(example));
    assert.deepEqual(Object.keys(tensorsOf(example, signature)), ['x', 'scale']);
  });

  it('has neither an example nor sizes for what is too long to be read', () => {
    const { request, example } = schemasOf({ inputs: [info('x', [null, 1000, 1000])], outputs: [info('y', [null])] });
    assert.equal(example, undefined);
    assert.doesNotMatch(JSON.stringify(request), /"m\w+Items":1000/);
    assert.match(JSON.stringify(request), /an array of 1000 arrays of 1000 numbers/);
  });
});
