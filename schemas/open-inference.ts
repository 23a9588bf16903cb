import { type Static, Type } from 'typebox';
import { referTo } from './reference.js';

/** What elements of tensors can be. */
export const datatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'BF16',
  'FP32',
  'FP64',
  'BYTES',
] as const;
export type Datatype = (typeof datatypes)[number];

const Name = (what: string, options = {}) => Type.String({ ...options, description: what });

/** `GET /v2`. */
export const ServerMetadata = Type.Object(
  { name: Type.String(), version: Type.String(), extensions: Type.Array(Type.String()) },
  { $id: 'keras-serve.ServerMetadata', description: 'What server this is.' },
);
export type ServerMetadata = Static<typeof ServerMetadata>;

/** `GET /v2/health/live`. */
export const ServerLive = Type.Object(
  { live: Type.Literal(true) },
  { $id: 'keras-serve.ServerLive', description: 'It lives.' },
);

/** `GET /v2/health/ready`. */
export const ServerReady = Type.Object(
  { ready: Type.Literal(true) },
  { $id: 'keras-serve.ServerReady', description: 'It can take requests.' },
);

/** `GET /v2/models/{model}/ready`. */
export const ModelReady = Type.Object(
  { name: Type.String(), ready: Type.Literal(true) },
  { $id: 'keras-serve.ModelReady', description: 'The model can take requests.' },
);

/** What a model says of one of its tensors. */
export const MetadataTensor = Type.Object(
  {
    name: Type.String(),
    datatype: Type.Enum([...datatypes]),
    shape: Type.Array(Type.Integer(), { description: 'The sizes of its axes; -1 is any.' }),
  },
  { $id: 'keras-serve.MetadataTensor', description: 'What a tensor has to be.' },
);

/** `GET /v2/models/{model}`. */
export const ModelMetadata = Type.Object(
  {
    name: Type.String(),
    versions: Type.Array(Type.String(), { description: 'Those that can be asked for, the newest first.' }),
    platform: Type.String({ description: 'What runs it.' }),
    inputs: Type.Array(referTo(MetadataTensor)),
    outputs: Type.Array(referTo(MetadataTensor)),
  },
  { $id: 'keras-serve.ModelMetadata', description: 'What a model takes and gives.' },
);
export type ModelMetadata = Static<typeof ModelMetadata>;

const Parameters = Type.Record(Type.String(), Type.Unknown(), {
  description: 'Parameters by name. Those that aren’t known here are ignored.',
});

/** A tensor for the model. */
export const RequestInput = Type.Object(
  {
    name: Name('The name of the input.'),
    shape: Type.Array(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), {
      maxItems: 64,
      description: 'The sizes of its axes, that of the batch too.',
    }),
    datatype: Type.Enum([...datatypes], {
      description:
        'What the model’s metadata says: BYTES are strings. FP16 and BF16 are taken for FP32; BYTES for a model that takes ' +
        'images: an element for each image file, of the shape [images] or [images, 1].',
    }),
    parameters: Type.Optional(Parameters),
    data: Type.Optional(
      Type.Array(Type.Unknown(), {
        description:
          'The elements in row-major order, as one list or as nested ones; BYTES as text, image files as base64. `NaN`, `Infinity` and `-Infinity` ' +
          'are taken, too. Left out where `parameters` has `binary_data_size`: the elements then follow the JSON.',
      }),
    ),
  },
  { $id: 'keras-serve.RequestInput', description: 'A tensor for the model.' },
);
export type RequestInput = Static<typeof RequestInput>;

/** An output that is asked for. */
export const RequestOutput = Type.Object(
  {
    name: Name('The name of the output.'),
    parameters: Type.Optional(
      Type.Intersect([
        Parameters,
        Type.Object({
          binary_data: Type.Optional(Type.Boolean({ description: 'Whether its elements shall follow the JSON.' })),
          classification: Type.Optional(
            Type.Integer({
              minimum: 1,
              description: 'Reply with this many classes, as BYTES "value:index:label", instead of the scores.',
            }),
          ),
        }),
      ]),
    ),
  },
  { $id: 'keras-serve.RequestOutput', description: 'An output that is asked for.' },
);
export type RequestOutput = Static<typeof RequestOutput>;

/** `POST /v2/models/{model}/infer`. */
export const InferenceRequest = Type.Object(
  {
    id: Type.Optional(Type.String({ description: 'Is in the reply, too.' })),
    parameters: Type.Optional(
      Type.Intersect([
        Parameters,
        Type.Object({
          binary_data_output: Type.Optional(
            Type.Boolean({ description: 'Whether the elements of all outputs shall follow the JSON.' }),
          ),
        }),
      ]),
    ),
    inputs: Type.Array(referTo(RequestInput), { minItems: 1, maxItems: 4096 }),
    outputs: Type.Optional(
      Type.Array(referTo(RequestOutput), { maxItems: 4096, description: 'All, where they are left out.' }),
    ),
  },
  {
    $id: 'keras-serve.InferenceRequest',
    description: 'Tensors for the model.',
    examples: [{ id: '42', inputs: [{ name: 'x', shape: [3], datatype: 'FP32', data: [1.0, 2.0, 5.0] }] }],
  },
);
export type InferenceRequest = Static<typeof InferenceRequest>;

/** A tensor that the model gave. */
export const ResponseOutput = Type.Object(
  {
    name: Type.String(),
    shape: Type.Array(Type.Integer()),
    datatype: Type.Enum([...datatypes]),
    parameters: Type.Optional(
      Type.Object({ binary_data_size: Type.Integer({ description: 'Bytes of its elements, which follow the JSON.' }) }),
    ),
    data: Type.Optional(
      Type.Array(Type.Unknown(), {
        description:
          'The elements in row-major order. NaN and infinities, which JSON lacks, are null; binary tensor data has them.',
      }),
    ),
  },
  { $id: 'keras-serve.ResponseOutput', description: 'A tensor that the model gave.' },
);

/** The reply of `POST /v2/models/{model}/infer`. */
export const InferenceResponse = Type.Object(
  {
    model_name: Type.String(),
    model_version: Type.String(),
    id: Type.Optional(Type.String({ description: 'That of the request.' })),
    outputs: Type.Array(referTo(ResponseOutput)),
  },
  {
    $id: 'keras-serve.InferenceResponse',
    description: 'What the model gave.',
    examples: [
      {
        model_name: 'half_plus_two',
        model_version: '1',
        id: '42',
        outputs: [{ name: 'y', datatype: 'FP32', shape: [3], data: [2.5, 3.0, 4.5] }],
      },
    ],
  },
);

/** The body of `POST /v2/repository/index`, which may be left out. */
export const RepositoryIndexRequest = Type.Object({ ready: Type.Optional(Type.Boolean()) });

/** The reply of `POST /v2/repository/index`. */
export const RepositoryIndex = Type.Array(
  Type.Object({
    name: Type.String(),
    version: Type.String(),
    state: Type.Enum(['READY', 'LOADING', 'UNLOADING', 'UNAVAILABLE']),
    reason: Type.String({ description: 'Why it is in this state.' }),
  }),
  { $id: 'keras-serve.RepositoryIndex', description: 'The models with their versions.' },
);
export type RepositoryIndex = Static<typeof RepositoryIndex>;

/** The parts of the addresses. */
export const OpenInferenceParams = {
  model: Type.Object({ model: Name('The name of the model.') }),
  version: Type.Object({
    model: Name('The name of the model.'),
    version: Name('The number of the version.', { pattern: '^[0-9]{1,15}$' }),
  }),
};

/** The header of the binary tensor data extension. */
export const InferenceHeaders = Type.Object({
  'inference-header-content-length': Type.Optional(
    Type.String({
      pattern: '^[0-9]+$',
      description: 'Bytes of the JSON at the beginning of the body, where tensors follow it.',
    }),
  ),
});
