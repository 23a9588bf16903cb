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
    workers: Type.Optional(
      Type.Array(
        Type.Object({
          id: Type.String({ description: 'What it is called among workers.' }),
          host: Type.String({ description: 'The machine that it runs on.', examples: ['gpu-3'] }),
        }),
        { description: 'Of a gateway: the workers that answer for it now. Without any it is in the state `END`.' },
      ),
    ),
  },
  { $id: 'keras-serve.ModelVersion', description: 'A version of a model.' },
);
export type ModelVersion = Static<typeof ModelVersion>;

const summary = {
  name: Type.String({ description: 'The name of the model, as addresses have it.', examples: ['pets'] }),
  default: Type.Boolean({ description: 'Whether it is the model of `POST /predict`.' }),
  takes_images: Type.Boolean({ description: 'Whether it takes images; false as long as no version can predict.' }),
  versions: Type.Array(referTo(ModelVersion), { description: 'Its versions, the newest first.' }),
};

/** A model in the list of models. */
export const ModelSummary = Type.Object(summary, {
  $id: 'keras-serve.ModelSummary',
  description: 'A model that is served.',
});
export type ModelSummary = Static<typeof ModelSummary>;

/** The reply of `GET /models`. */
export const Models = Type.Object(
  {
    models: Type.Array(referTo(ModelSummary), { description: 'In the order of their names.' }),
    success: Type.Literal(true),
  },
  {
    $id: 'keras-serve.Models',
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

/** The most entries that a list has: of labels, and of what a card could say. */
export const maxLabels = 25_000;

/** Something that no card says and that was worked out. */
export const Assumption = Type.Object(
  {
    key: Type.String({
      description: 'What `serve.json` would say it with, by the names of inputs and outputs.',
      examples: ['inputs.photo.scaling'],
    }),
    value: Type.Optional(
      Type.Unknown({
        description: `What holds; null where nothing is known. Missing where it is a list of over ${maxLabels}.`,
        examples: ['unit'],
      }),
    ),
    basis: Type.String({
      description: 'What speaks for it: it goes on after "for".',
      examples: ['the model begins with Rescaling'],
    }),
    certainty: Type.Enum(['certain', 'likely', 'guess'], {
      description: 'How sure it is. A guess may well be wrong: `serve.json` can say what is right.',
    }),
  },
  { $id: 'keras-serve.Assumption', description: 'Something that no card says of a model and that was worked out.' },
);
export type Assumption = Static<typeof Assumption>;

/** Something that looks like nonsense. */
export const Anomaly = Type.Object(
  {
    key: Type.String({ description: 'Of which input or output.', examples: ['inputs.house'] }),
    anomaly: Type.Enum(
      [
        'training_serving_skew',
        'blank_images',
        'not_a_number',
        'uniform_predictions',
        'single_class',
        'constant_predictions',
      ],
      {
        description:
          'What it is. `training_serving_skew`: numbers far from what the model was trained on; `blank_images`: pictures of one ' +
          'colour; `not_a_number`: NaN in the answers; `uniform_predictions`: nearly the same probability for all classes; ' +
          '`single_class`: one class for datapoints of many kinds; `constant_predictions`: one answer to all.',
      },
    ),
    message: Type.String({
      description: 'What was noticed, and what to look at. It has counts, never values.',
      examples: ['The answers to 100 different datapoints are all the same.'],
    }),
  },
  {
    $id: 'keras-serve.Anomaly',
    description: 'Something that was noticed of what goes into a model or comes out, and that looks like nonsense.',
  },
);
export type Anomaly = Static<typeof Anomaly>;

/** An input or output. */
export const ModelTensor = Type.Object(
  {
    name: Type.String({ examples: ['input_layer'] }),
    dtype: Type.String({ description: 'The type of its numbers.', examples: ['float32'] }),
    shape: Type.Array(Type.Union([Type.Integer(), Type.Null()]), {
      description: 'The sizes of its axes, the first being the batch; null is any size.',
      examples: [[null, 224, 224, 3]],
    }),
    kind: Type.String({ description: 'What it is to a person.', examples: ['image'] }),
    card: Type.Record(Type.String(), Type.Unknown(), {
      description:
        'What `serve.json` could say of it, as it is taken: the columns of a table, the labels of classes, the scaling of an ' +
        `image. Nothing of a tensor; lists of over ${maxLabels} are left out.`,
      examples: [{ size: [224, 224], resize: 'stretch', interpolation: 'bilinear', scaling: 'unit' }],
    }),
    columns: Type.Optional(
      Type.Array(Type.Object({ name: Type.String() }, { additionalProperties: true }), {
        description:
          'Of a table, the columns of a row as the model is asked: those of its card, or those that its fitted transformer takes, ' +
          `with their categories. Over ${maxLabels} are left out.`,
        examples: [[{ name: 'age' }, { name: 'sex', categories: ['female', 'male'] }]],
      }),
    ),
  },
  { $id: 'keras-serve.ModelTensor', description: 'An input or output of a model.' },
);
export type ModelTensor = Static<typeof ModelTensor>;

/** The same, with what inputs and outputs can be. */
export const modelTensor = (inputKinds: readonly string[], outputKinds: readonly string[]) => {
  const { kind } = ModelTensor.properties;
  const description = `What it is to a person: of inputs ${inputKinds.join(', ')}; of outputs ${outputKinds.join(', ')}. A tensor is numbers alone.`;
  return { ...ModelTensor, properties: { ...ModelTensor.properties, kind: { ...kind, description } } };
};

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
    assumptions: Type.Optional(
      Type.Array(referTo(Assumption), {
        description: 'What no card says of its inputs and outputs, and was worked out.',
      }),
    ),
    anomalies: Type.Optional(
      Type.Array(referTo(Anomaly), {
        description: 'What looks like nonsense in what has come in and gone out since it was loaded. Empty as a rule.',
      }),
    ),
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
  { $id: 'keras-serve.ModelDetails', description: 'A model with what it takes and gives.' },
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
