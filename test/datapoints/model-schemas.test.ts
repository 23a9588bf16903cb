import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { InstancesError, tensorsOf } from '../../src/datapoints/instances.js';
import { type KindCards, kindsOf } from '../../src/datapoints/kinds.js';
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

describe('the parts of schemas', () => {
  /** The schemas of a model, with parts that others refer to by their names. */
  const partsOf = (inputs: TensorInfo[], outputs: TensorInfo[], cards: KindCards = {}) => {
    const { kinds } = kindsOf({ signature: { inputs, outputs }, hints: {} }, cards);
    const parts: Record<string, unknown> = {};
    const share = (part: string, schema: TSchema) => {
      parts[part] = schema;
      return Type.Ref(part);
    };
    return { ...modelSchemas({ inputs, outputs, kinds }, share), parts };
  };
  const refs = (...names: string[]) => ({ anyOf: names.map(($ref) => ({ $ref })) });
  const most = 3.4028235677973362e38;
  const number = { type: 'number', format: 'float', minimum: -most, maximum: most };
  const several = (of: object, count: number) => ({ type: 'array', items: of, minItems: count, maxItems: count });
  const object = (properties: Record<string, object>, required = Object.keys(properties)) => ({
    type: 'object',
    ...(required.length > 0 && { required }),
    properties,
    additionalProperties: false,
  });
  const given = { type: ['number', 'null'], format: 'float' };
  const y = info('y', [null, 3]);
  const predictions = {
    anyOf: [
      { $ref: 'Result' },
      { type: 'array', items: { $ref: 'Result' }, description: 'What it gives for each datapoint of a list.' },
    ],
  };

  it('are those of one input', () => {
    const { request, reply: replied, example, parts } = partsOf([info('x', [null, 2])], [y]);
    assert.deepEqual(request, refs('Datapoint', 'Request', 'Inputs', 'Datapoints', 'Lists'));
    assert.deepEqual(replied, { $ref: 'Reply' });
    assert.deepEqual(example, { instances: [[0.5, 0.5]] });
    const list = { type: 'array', minItems: 1 };
    assert.deepEqual(parts, {
      Value: { description: '`float32`, shape (any, 2)', ...several(number, 2) },
      Datapoint: {
        ...object({ x: { $ref: 'Value' } }),
        description: 'One datapoint, by the names of inputs and columns.',
      },
      Datapoints: {
        ...list,
        items: refs('Value', 'Datapoint'),
        description: '`x`: `float32`, shape (any, 2). Each instance is an array of 2 numbers.',
      },
      Lists: {
        ...object({ x: { ...list, items: { $ref: 'Value' } } }),
        description: 'The values of all datapoints, in a list for each input or column.',
      },
      Request: { ...object({ instances: { $ref: 'Datapoints' } }), description: 'A list of datapoints.' },
      Inputs: {
        ...object({ inputs: { $ref: 'Lists' } }),
        description: 'Lists by the names of inputs and columns.',
      },
      Result: { ...several(given, 3), description: '`y`: `float32`, shape (any, 3).' },
      Reply: {
        type: 'object',
        required: ['predictions', 'success'],
        properties: { predictions, success: { type: 'boolean', const: true } },
        description: 'What the model gives.',
      },
    });
  });

  it('are those of several inputs and outputs', () => {
    const outputs = [y, info('z', [null, 1])];
    const { parts, example } = partsOf([info('x', [null, 2]), info('n', [null, 3], 'int32')], outputs, {
      outputs: { z: { unit: 'm' } },
    });
    const x = { description: '`float32`, shape (any, 2)', ...several(number, 2) };
    const whole = { type: 'integer', format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
    const n = { description: '`int32`, shape (any, 3)', ...several(whole, 3) };
    const { Datapoint, Datapoints, Lists, Result } = parts as Record<string, object>;
    assert.deepEqual(example, { instances: [{ x: [0.5, 0.5], n: [1, 1, 1] }] });
    assert.deepEqual(Datapoint, {
      ...object({ x, n }),
      description: 'One datapoint, by the names of inputs and columns.',
    });
    assert.deepEqual(Datapoints, {
      type: 'array',
      items: { $ref: 'Datapoint' },
      minItems: 1,
      description: 'Each instance is an object with a value for every input.',
    });
    const listOf = (items: object) => ({ type: 'array', items, minItems: 1 });
    assert.deepEqual(Lists, {
      ...object({ x: listOf(x), n: listOf(n) }),
      description: 'The values of all datapoints, in a list for each input or column.',
    });
    const { properties, ...rest } = Result as { properties: Record<string, { properties?: object }> };
    assert.deepEqual(rest, {
      type: 'object',
      required: ['y', 'z'],
      additionalProperties: false,
      description: 'What the model gives for one datapoint.',
    });
    assert.deepEqual(properties.y, { ...several(given, 3), description: '`y`: `float32`, shape (any, 3).' });
    assert.deepEqual(Object.keys(properties.z!.properties!), ['value', 'unit']);
  });

  it('have no single datapoint where a model takes several at once', () => {
    const { request, example, parts } = partsOf([info('x', [2, 2])], [info('y', [3, 3])]);
    assert.deepEqual(request, refs('Request', 'Inputs', 'Datapoints', 'Lists'));
    const { minItems, maxItems } = parts.Datapoints as { minItems: number; maxItems: number };
    assert.deepEqual([minItems, maxItems], [2, 2]);
    const rows = [
      [0.5, 0.5],
      [0.5, 0.5],
    ];
    assert.deepEqual(example, { instances: rows });
    const one = partsOf([info('x', [1, 2])], [info('y', [3, 3])]);
    assert.deepEqual(one.request, refs('Datapoint', 'Request', 'Inputs', 'Datapoints', 'Lists'));
    assert.deepEqual((one.parts.Datapoints as { maxItems: number }).maxItems, 1);
    // Of a batch that is shared with others any number is taken.
    const shared = partsOf([info('x', [2, 2])], [info('y', [2, 3])]);
    assert.equal((shared.parts.Datapoints as { maxItems?: number }).maxItems, undefined);
  });

  it('are whole inputs and outputs where these have no rows', () => {
    const { request, parts, example } = partsOf([info('x', [2]), info('s', [])], [info('y', [])]);
    assert.deepEqual(request, {
      anyOf: [{ $ref: 'Request' }, object({ inputs: { $ref: 'Request' } })],
    });
    assert.deepEqual(example, { x: [0.5, 0.5], s: 0.5 });
    assert.deepEqual(parts.Request, {
      ...object({
        x: { description: '`float32`, shape (2)', ...several(number, 2) },
        s: { description: '`float32`, shape ()', ...number },
      }),
      description: 'Every input, by its name.',
    });
    const predictionsOf = (outputs: TensorInfo[]) =>
      (partsOf([info('x', [null, 2])], outputs).parts.Reply as { properties: { predictions: object } }).properties
        .predictions;
    assert.deepEqual(predictionsOf([info('y', [])]), { ...given, description: '`y`: `float32`, shape ().' });
    assert.deepEqual(
      predictionsOf([info('y', [4]), info('z', [])]),
      object({
        y: { ...several(given, 4), description: '`y`: `float32`, shape (4).' },
        z: { ...given, description: '`z`: `float32`, shape ().' },
      }),
    );
  });

  it('have the columns of a table in the place of its input', () => {
    const columns = [{ name: 'age' }, { name: 'job', categories: ['a', 'b'], missing: 'a' }];
    const { parts, example } = partsOf([info('x', [null, 2])], [y], {
      inputs: { x: { columns, ignored: ['id'] } },
    });
    const age = { ...number, type: ['number', 'boolean'] };
    const job = { enum: ['a', 'b', null] };
    assert.deepEqual(example, { instances: [{ age: 0.5, job: 'a' }] });
    assert.deepEqual(parts.Value, {
      description: '`float32`, shape (any, 2)',
      anyOf: [
        object({ id: {}, age, job }, ['age']),
        { type: 'array', prefixItems: [age, job], minItems: 2, maxItems: 2 },
      ],
    });
    assert.deepEqual((parts.Datapoint as { anyOf: object[] }).anyOf, [
      object({ age, job }, ['age']),
      object({ x: { $ref: 'Value' }, age, job, id: {} }, []),
    ]);
    assert.deepEqual(Object.keys((parts.Lists as { properties: object }).properties), ['x', 'age', 'job', 'id']);
    assert.equal((parts.Lists as { required?: string[] }).required, undefined);
  });

  it('have no list under a name that is an input’s', () => {
    const { request, example } = partsOf([info('instances', [null, 2])], [y]);
    assert.deepEqual(request, refs('Datapoint', 'Inputs', 'Datapoints', 'Lists'));
    assert.deepEqual(example, [[0.5, 0.5]]);
    const { request: other } = partsOf([info('inputs', [null, 2])], [y]);
    assert.deepEqual(other, refs('Datapoint', 'Request', 'Datapoints', 'Lists'));
  });
});
