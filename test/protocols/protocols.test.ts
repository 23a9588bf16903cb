import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Catalog } from '../../src/catalog/catalog.js';
import { LoadError } from '../../src/catalog/load-error.js';
import type { CatalogVersion } from '../../src/catalog/model-versions.js';
import { datatypeInfos, datatypeOf, tensorFlowTypeOf } from '../../src/protocols/datatypes.js';
import { findInferenceModel, openInference } from '../../src/protocols/open-inference/protocol.js';
import { predictProtocol } from '../../src/protocols/predict/protocol.js';
import { transferable } from '../../src/protocols/protocol.js';
import { protocolAt } from '../../src/protocols/protocols.js';
import {
  findServable,
  findVersions,
  type ServableAddress,
  tensorFlowServing,
} from '../../src/protocols/tensorflow-serving/protocol.js';
import { metadataOf, statusOf } from '../../src/protocols/tensorflow-serving/status.js';
import { type Tensor, type TensorType, tensorArrays } from '../../src/support/tensor.js';
import { computedModel, servingOf } from '../helpers/computed-model.js';

const model = computedModel(() => ({}), {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 3] }],
  outputs: [{ name: 'y', type: 'int64', shape: [] }],
});
const serving = servingOf(model);
const catalog = Catalog.of(model);

describe('an address', () => {
  const predict = predictProtocol(1);

  it('names a model and perhaps a version', () => {
    const leases = [
      predict.lease(serving, {}),
      predict.lease(serving, { name: 'model' }),
      predict.lease(serving, { name: 'model', version: '1' }),
      tensorFlowServing.lease(serving, { model: 'model' }),
      tensorFlowServing.lease(serving, { model: 'model', version: '01' }),
      tensorFlowServing.lease(serving, { model: 'model', label: 'stable' }),
      openInference.lease(serving, { model: 'model' }),
      openInference.lease(serving, { model: 'model', version: '1' }),
    ];
    for (const lease of leases) assert.deepEqual([lease.model, lease.version], [model, 1]);
    assert.deepEqual(findServable(catalog, { model: 'model', version: '1' }), { model, version: 1 });
    assert.deepEqual(findInferenceModel(catalog, { model: 'model', version: '1' }), { model, version: 1 });
  });

  const refused: Record<string, [find: () => unknown, code: string, message: string]> = {
    'a version that is no number': [
      () => predict.lease(serving, { version: 'a' }),
      'model_version_unknown',
      'A version is a whole number.',
    ],
    'another version': [
      () => predict.lease(serving, { version: '2' }),
      'model_version_unknown',
      'The model "model" has no version 2.',
    ],
    'an inference version that is no number': [
      () => openInference.lease(serving, { model: 'model', version: 'a' }),
      'model_version_unknown',
      'A version is a number, not "a".',
    ],
    'another inference version': [
      () => findInferenceModel(catalog, { model: 'model', version: '2' }),
      'model_version_unknown',
      'The model "model" has no version 2.',
    ],
    'a servable’s version that is no number': [
      () => tensorFlowServing.lease(serving, { model: 'model', version: 'a' }),
      'url_invalid',
      'Failed to convert version: a to numeric, for model model.',
    ],
    'an unknown label': [
      () => tensorFlowServing.lease(serving, { model: 'model', label: 'canary' }),
      'url_invalid',
      'Unrecognized servable version label: canary',
    ],
    'another servable': [
      () => tensorFlowServing.lease(serving, { model: 'other' }),
      'model_unknown',
      'Servable not found for request: Latest(other)',
    ],
    'another version of a servable': [
      () => tensorFlowServing.lease(serving, { model: 'model', version: '2' }),
      'model_version_unknown',
      'Servable not found for request: Specific(model, 2)',
    ],
    'another servable’s signature': [
      () => findServable(catalog, { model: 'other', version: '0' }),
      'model_unknown',
      'Servable not found for request: Specific(other, 0)',
    ],
    'another servable’s status': [
      () => findVersions(catalog, { model: 'other' }),
      'model_unknown',
      'Could not find any versions of model other',
    ],
    'another version’s status': [
      () => findVersions(catalog, { model: 'model', version: '2' }),
      'model_version_unknown',
      'Could not find version 2 of model model',
    ],
  };
  for (const [name, [find, code, message]] of Object.entries(refused))
    it(`is refused for ${name}`, () => {
      assert.throws(find, { code, message });
    });

  const loading = new Catalog({ load: () => new Promise(() => undefined), pool: undefined as never });
  void loading.update([
    {
      name: 'model',
      path: 'model',
      versions: [2, 1].map((version) => ({ version, path: `model/${version}`, fingerprint: `${version}` })),
    },
  ]);

  it('of a model that isn’t loaded is not found in the catalog’s words', () => {
    for (const find of [
      () => findServable(loading, { model: 'model' }),
      () => findServable(loading, { model: 'model', version: '1' }),
    ])
      assert.throws(find, { code: 'model_not_ready', message: /isn't loaded/ });
  });

  it('names the versions whose status is told', () => {
    const numbers = (address: Partial<ServableAddress>, of = loading) =>
      findVersions(of, { model: 'model', ...address }).map(({ version }) => version);
    assert.deepEqual(numbers({}), [2, 1]);
    assert.deepEqual(numbers({ version: '1' }), [1]);
    assert.deepEqual(numbers({ label: 'stable' }, catalog), [1]);
    assert.throws(() => numbers({ label: 'stable' }), {
      code: 'model_version_unknown',
      message: 'Could not find version stable of model model',
    });
  });
});

describe('TensorFlow Serving’s words for', () => {
  it('what versions are doing', () => {
    const error = new LoadError(new Error('damaged'), 'model');
    const message = 'The model can’t be loaded. The log has the details.';
    const versions: CatalogVersion[] = [
      { version: 3, state: 'AVAILABLE', failures: 1, error },
      { version: 2, state: 'END', failures: 1, error },
      { version: 1, state: 'LOADING', failures: 0 },
    ];
    const ok = { error_code: 'OK', error_message: '' };
    assert.deepEqual(statusOf(versions), {
      model_version_status: [
        { version: '3', state: 'AVAILABLE', status: ok },
        { version: '2', state: 'END', status: { error_code: 'FAILED_PRECONDITION', error_message: message } },
        { version: '1', state: 'LOADING', status: ok },
      ],
    });
  });

  it('what a model takes and gives', () => {
    const dim = (...sizes: string[]) => ({ dim: sizes.map((size) => ({ size, name: '' })), unknown_rank: false });
    assert.deepEqual(metadataOf('pets', 4, model), {
      model_spec: { name: 'pets', signature_name: '', version: '4' },
      metadata: {
        signature_def: {
          signature_def: {
            serving_default: {
              inputs: { x: { dtype: 'DT_FLOAT', tensor_shape: dim('-1', '3'), name: 'x:0' } },
              outputs: { y: { dtype: 'DT_INT64', tensor_shape: dim(), name: 'y:0' } },
              method_name: 'tensorflow/serving/predict',
            },
          },
        },
      },
    });
  });
});

describe('the names of types', () => {
  const names: Record<TensorType, [datatype: string, tensorFlow: string]> = {
    bool: ['BOOL', 'DT_BOOL'],
    uint8: ['UINT8', 'DT_UINT8'],
    uint16: ['UINT16', 'DT_UINT16'],
    uint32: ['UINT32', 'DT_UINT32'],
    uint64: ['UINT64', 'DT_UINT64'],
    int8: ['INT8', 'DT_INT8'],
    int16: ['INT16', 'DT_INT16'],
    int32: ['INT32', 'DT_INT32'],
    int64: ['INT64', 'DT_INT64'],
    float32: ['FP32', 'DT_FLOAT'],
    float64: ['FP64', 'DT_DOUBLE'],
    string: ['BYTES', 'DT_STRING'],
  };
  for (const [type, [datatype, tensorFlow]] of Object.entries(names) as [TensorType, [string, string]][])
    it(`are ${datatype} and ${tensorFlow} for ${type}`, () => {
      assert.deepEqual([datatypeOf(type), tensorFlowTypeOf(type)], [datatype, tensorFlow]);
      if (type === 'string') return;
      const size = new tensorArrays[type](1).byteLength;
      assert.deepEqual(datatypeInfos[datatype as keyof typeof datatypeInfos], { size, type });
    });

  it('are those of text for what JSON can’t give', () => {
    assert.deepEqual(
      [datatypeOf('complex64' as TensorType), tensorFlowTypeOf('complex64' as TensorType)],
      ['BYTES', 'DT_STRING'],
    );
    for (const half of ['FP16', 'BF16'] as const) assert.deepEqual(datatypeInfos[half], { size: 2, type: 'float32' });
  });
});

describe('protocols', () => {
  it('are found by what an address begins with', () => {
    const cases: [url: string, protocol: unknown][] = [
      ['/v1', tensorFlowServing],
      ['/v1/models/a', tensorFlowServing],
      ['/v1?a=/v2', tensorFlowServing],
      ['/v2#a', openInference],
      ['/v2/', openInference],
      ['/v10', undefined],
      ['/models/v1', undefined],
      ['/', undefined],
    ];
    for (const [url, protocol] of cases) assert.equal(protocolAt(url), protocol, url);
    assert.equal(predictProtocol(1).prefix, '');
  });

  it('say what went wrong in forms of their own', () => {
    const forms = [predictProtocol(1), tensorFlowServing, openInference].map(({ errorBody }) =>
      errorBody('body_invalid', 'It is wrong.'),
    );
    const error = { error: 'It is wrong.' };
    assert.deepEqual(forms, [
      { success: false, error: { code: 'body_invalid', message: 'It is wrong.' } },
      error,
      error,
    ]);
  });

  it('move copies of tensors, whose memory others may share', () => {
    const data = Float32Array.of(1, 2, 3, 4);
    const outputs: Record<string, Tensor> = {
      a: { type: 'float32', shape: [2], data: data.subarray(1, 3) },
      b: { type: 'float32', shape: [1], data: data.subarray(3) },
    };
    const { tensors, size, transfer } = transferable(outputs);
    assert.deepEqual(tensors, outputs);
    assert.equal(size, 3);
    assert.deepEqual(
      transfer.map(({ byteLength }) => byteLength),
      [8, 4],
    );
    assert.deepEqual(transfer, [tensors.a!.data.buffer, tensors.b!.data.buffer]);
  });
});
