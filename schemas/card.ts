import { type Static, Type } from 'typebox';
import { modelNamePattern } from './model-name.js';

const closed = { additionalProperties: false };
/** One number a channel: grey, RGB or RGBA. */
const perChannel = { minItems: 1, maxItems: 4 };

/** How pixels from 0 to 255 become what the model was trained on. */
export const Scaling = Type.Union(
  [
    Type.Enum(['none', 'unit', 'tf', 'torch', 'caffe']),
    Type.Object(
      {
        mean: Type.Array(Type.Number(), perChannel),
        std: Type.Array(Type.Number({ exclusiveMinimum: 0 }), perChannel),
      },
      closed,
    ),
  ],
  {
    description:
      '"none", "unit" (0 to 1), "tf", "torch", "caffe" (as in imagenet_utils.preprocess_input), or ' +
      '{"mean": […], "std": […]} with one number a channel, for pixels from 0 to 255',
  },
);
export type Scaling = Static<typeof Scaling>;

/** How an image becomes the model's input. */
export const CardImage = Type.Object(
  {
    size: Type.Optional(
      Type.Tuple([Type.Integer({ minimum: 1, maximum: 4096 }), Type.Integer({ minimum: 1, maximum: 4096 })], {
        description: 'height and width in pixels, from 1 to 4096, such as [224, 224]',
      }),
    ),
    resize: Type.Optional(
      Type.Enum(['stretch', 'crop'], {
        description: '"stretch", which ignores the aspect ratio, or "crop", which cuts out the centre',
      }),
    ),
    crop_fraction: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description: 'how much of the shorter side "crop" keeps: a number over 0 and at most 1',
      }),
    ),
    interpolation: Type.Optional(
      Type.Enum(['nearest', 'bilinear', 'bicubic', 'lanczos'], {
        description: '"nearest", "bilinear", "bicubic" or "lanczos"',
      }),
    ),
    scaling: Type.Optional(Scaling),
  },
  { ...closed, description: 'an object that says how an image becomes the input' },
);
export type CardImage = Static<typeof CardImage>;

const text = { minLength: 1, maxLength: 1000 };

/**
 * The model card, `serve.json`: what a model file doesn't say. Every key is optional. A description completes the
 * sentence "… must be", for messages.
 */
export const ModelCard = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: modelNamePattern,
        description:
          'up to 100 letters and digits of any script, dots, dashes and underscores: it is part of addresses',
      }),
    ),
    description: Type.Optional(Type.String({ maxLength: 10_000, description: 'a text of at most 10,000 characters' })),
    labels: Type.Optional(
      Type.Array(Type.Union([Type.String(text), Type.Tuple([Type.String(text), Type.String(text)])]), {
        minItems: 1,
        maxItems: 1_000_000,
        description: "a list of names, or of pairs [WordNet id, name], in the order of the model's outputs",
      }),
    ),
    image: Type.Optional(CardImage),
  },
  { ...closed, $id: 'ModelCard', description: 'an object' },
);
export type ModelCard = Static<typeof ModelCard>;
