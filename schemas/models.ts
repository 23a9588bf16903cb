import { type Static, Type } from 'typebox';
import { referTo } from './reference.js';

/** What a version of a model is doing. */
export const ModelVersion = Type.Object(
  {
    version: Type.Integer({ minimum: 0, description: 'The number of the version; 1 where the model has no numbers.' }),
    state: Type.Enum(['START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END'], {
      description: 'By the names of TensorFlow Serving: only `AVAILABLE` can predict, and `END` says why it can’t.',
    }),
    error: Type.Optional(
      Type.Object(
        {
          code: Type.String({ description: 'What is wrong, for programs.', examples: ['model_damaged'] }),
          message: Type.String({ description: 'What is wrong and what to do about it, for people.' }),
        },
        {
          description:
            'Why it isn’t served. Beside `AVAILABLE`: why what its file holds now isn’t, and what it held before still is.',
        },
      ),
    ),
  },
  { $id: 'ModelVersion', description: 'A version of a model.' },
);
export type ModelVersion = Static<typeof ModelVersion>;

const summary = {
  name: Type.String({ description: 'The name of the model, as addresses have it.', examples: ['pets'] }),
  default: Type.Boolean({ description: 'Whether it is the model of `POST /predict`.' }),
  takes_images: Type.Boolean({ description: 'Whether it takes images; false as long as no version can predict.' }),
  versions: Type.Array(referTo(ModelVersion), { description: 'Its versions, the newest first.' }),
};

/** A model in the list of models. */
export const ModelSummary = Type.Object(summary, { $id: 'ModelSummary', description: 'A model that is served.' });
export type ModelSummary = Static<typeof ModelSummary>;

/** The reply of `GET /models`. */
export const Models = Type.Object(
  {
    models: Type.Array(referTo(ModelSummary), { description: 'In the order of their names.' }),
    success: Type.Literal(true),
  },
  {
    $id: 'Models',
    description: 'The models that are served, and those that should be.',
    examples: [
      {
        models: [
          { name: 'pets', default: true, takes_images: true, versions: [{ version: 1, state: 'AVAILABLE' }] },
          {
            name: 'prices',
            default: false,
            takes_images: false,
            versions: [
              {
                version: 2,
                state: 'END',
                error: { code: 'model_format_unknown', message: 'The file is empty. Copy or download it again.' },
              },
              { version: 1, state: 'AVAILABLE' },
            ],
          },
        ],
        success: true,
      },
    ],
  },
);
export type Models = Static<typeof Models>;

/** An input or output. */
export const ModelTensor = Type.Object(
  {
    name: Type.String({ examples: ['input_layer'] }),
    dtype: Type.String({ description: 'The type of its numbers.', examples: ['float32'] }),
    shape: Type.Array(Type.Union([Type.Integer(), Type.Null()]), {
      description: 'The sizes of its axes, the first being the batch; null is any size.',
      examples: [[null, 224, 224, 3]],
    }),
  },
  { $id: 'ModelTensor', description: 'An input or output of a model.' },
);
export type ModelTensor = Static<typeof ModelTensor>;

/** The most labels that are listed. */
export const maxLabels = 25_000;

/** The reply of `GET /models/{name}`. */
export const ModelDetails = Type.Object(
  {
    ...summary,
    version: Type.Optional(
      Type.Integer({ description: 'The version that this is about; missing when none can predict.' }),
    ),
    description: Type.Optional(Type.String({ description: 'What its card says of it.' })),
    inputs: Type.Optional(Type.Array(referTo(ModelTensor), { description: 'In Keras’s order.' })),
    outputs: Type.Optional(Type.Array(referTo(ModelTensor), { description: 'In Keras’s order.' })),
    image: Type.Optional(
      Type.Object(
        {
          height: Type.Integer(),
          width: Type.Integer(),
          channels: Type.Integer({ description: '1 is grey, 3 is RGB.' }),
        },
        { description: 'The size in pixels that images are brought to.' },
      ),
    ),
    label_count: Type.Optional(Type.Integer({ description: 'How many labels it has; missing when it has none.' })),
    labels: Type.Optional(
      Type.Array(Type.String(), {
        description: `The names of its classes, in the order of its output, where there are at most ${maxLabels}.`,
        examples: [['cat', 'dog', 'parrot']],
      }),
    ),
    example: Type.Optional(
      Type.Unknown({
        description:
          'A request that it answers, with a value for every input; missing where that has over 10,000 numbers.',
        examples: [{ instances: [[0.5, 0.5, 0.5, 0.5]] }],
      }),
    ),
    routes: Type.Record(Type.String(), Type.String(), {
      description: 'The addresses at which it can be used.',
      examples: [{ predict: '/models/pets/predict' }],
    }),
    success: Type.Literal(true),
  },
  { $id: 'ModelDetails', description: 'A model with what it takes and gives.' },
);
export type ModelDetails = Static<typeof ModelDetails>;

const name = Type.String({ description: 'The name of the model.', examples: ['pets'] });

/** The parts of the addresses of a model. */
export const ModelParams = Type.Object({ name });
/** The parts of the addresses of a version. */
export const ModelVersionParams = Type.Object({
  name,
  version: Type.Integer({ minimum: 0, description: 'The number of the version.', examples: [1] }),
});
