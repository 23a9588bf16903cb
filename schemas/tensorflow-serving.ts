import { type Static, Type } from 'typebox';

/** `GET /v1/models/{model}`: TensorFlow Serving's `GetModelStatusResponse`. */
export const TensorFlowServingStatus = Type.Object(
  {
    model_version_status: Type.Array(
      Type.Object({
        version: Type.String({ description: 'The number of the version.' }),
        state: Type.Enum(['START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END']),
        status: Type.Object({
          error_code: Type.String({ description: '`OK`, or what kind of error it is by TensorFlow’s names.' }),
          error_message: Type.String({ description: 'Why the version isn’t served; empty where it is.' }),
        }),
      }),
      { description: 'The newest version first.' },
    ),
  },
  {
    $id: 'keras-serve.TensorFlowServingStatus',
    description: 'What the versions of a model are doing.',
    examples: [
      {
        model_version_status: [{ version: '1', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } }],
      },
    ],
  },
);
export type TensorFlowServingStatus = Static<typeof TensorFlowServingStatus>;

const TensorInfo = Type.Object({
  dtype: Type.String({ description: 'By TensorFlow’s name, such as `DT_FLOAT`.' }),
  tensor_shape: Type.Object({
    dim: Type.Array(
      Type.Object({ size: Type.String({ description: 'The size of the axis; "-1" is any.' }), name: Type.String() }),
    ),
    unknown_rank: Type.Boolean(),
  }),
  name: Type.String(),
});

/** A signature: what goes in and what comes out, by name. */
const SignatureDef = Type.Object({
  inputs: Type.Record(Type.String(), TensorInfo),
  outputs: Type.Record(Type.String(), TensorInfo),
  method_name: Type.String(),
});

/** `GET /v1/models/{model}/metadata`: TensorFlow Serving's `GetModelMetadataResponse`. */
export const TensorFlowServingMetadata = Type.Object(
  {
    model_spec: Type.Object({ name: Type.String(), signature_name: Type.String(), version: Type.String() }),
    metadata: Type.Object({
      signature_def: Type.Object({ signature_def: Type.Record(Type.String(), SignatureDef) }),
    }),
  },
  { $id: 'keras-serve.TensorFlowServingMetadata', description: 'What a model takes and gives.' },
);
export type TensorFlowServingMetadata = Static<typeof TensorFlowServingMetadata>;

/** `POST /v1/models/{model}:predict`. */
export const TensorFlowServingRequest = Type.Object(
  {
    signature_name: Type.Optional(
      Type.String({ description: '`serving_default`, the one signature that there is; or left out.' }),
    ),
    instances: Type.Optional(
      Type.Array(Type.Unknown(), {
        minItems: 1,
        description:
          'Row format: an element for each example. A nested array of the input’s shape, or an object of them by input ' +
          'name. `NaN`, `Infinity` and `-Infinity` are taken, too. For a model that takes images also `{"b64": "…"}`, the base64 of an image file, which is prepared as ' +
          '`POST /predict` does it.',
      }),
    ),
    inputs: Type.Optional(
      Type.Unknown({
        description:
          'Column format: the whole input as a nested array, or an object of them by input name. Instead of `instances`.',
      }),
    ),
  },
  {
    $id: 'keras-serve.TensorFlowServingRequest',
    description: 'Either `instances` or `inputs`.',
    examples: [{ instances: [1.0, 2.0, 5.0] }],
  },
);
export type TensorFlowServingRequest = Static<typeof TensorFlowServingRequest>;

/** The reply of `POST /v1/models/{model}:predict`. */
export const TensorFlowServingReply = Type.Object(
  {
    predictions: Type.Optional(
      Type.Array(Type.Unknown(), {
        description:
          'For `instances`: what the model gives for each, as a nested array; as an object of them by output name where ' +
          'the model has several outputs.',
      }),
    ),
    outputs: Type.Optional(
      Type.Unknown({
        description:
          'For `inputs`: the whole output as a nested array; an object of them by output name where there are several.',
      }),
    ),
  },
  {
    $id: 'keras-serve.TensorFlowServingReply',
    description:
      'Either `predictions` or `outputs`. As with TensorFlow Serving, numbers that JSON lacks are `NaN`, `Infinity` and `-Infinity`.',
    examples: [{ predictions: [2.5, 3.0, 4.5] }],
  },
);
export type TensorFlowServingReply = Static<typeof TensorFlowServingReply>;

const name = (what: string, options = {}) => Type.String({ ...options, description: what });

/** The parts of the addresses. */
export const TensorFlowServingParams = {
  model: Type.Object({ model: name('The name of the model.') }),
  version: Type.Object({
    model: name('The name of the model.'),
    version: name('The number of the version.', { pattern: '^[0-9]{1,15}$' }),
  }),
  label: Type.Object({
    model: name('The name of the model.'),
    label: Type.Enum(['stable'], { description: '`stable`: the version that serves where none is named.' }),
  }),
};
