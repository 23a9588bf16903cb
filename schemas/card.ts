import { type Static, Type } from 'typebox';
import { modelNamePattern } from '../src/support/model-name.js';

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
      Type.Enum(['stretch', 'crop', 'pad'], {
        description:
          '"stretch", which ignores the aspect ratio, "crop", which cuts out the centre, or "pad", which has the whole picture ' +
          'and black around it',
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
    antialias: Type.Optional(
      Type.Boolean({
        description:
          'true, or false where a picture that gets smaller was not averaged, as in cv2.resize and tf.image.resize',
      }),
    ),
    scaling: Type.Optional(Scaling),
    color: Type.Optional(
      Type.Enum(['rgb', 'bgr', 'gray'], {
        description:
          '"rgb", "bgr" or "gray", the luminance in every channel; the scaling "caffe" reverses RGB to BGR by itself, and "bgr" ' +
          'beside it back to RGB',
      }),
    ),
    invert: Type.Optional(
      Type.Union([Type.Boolean(), Type.Literal('auto')], {
        description:
          'true, false or "auto": whether pixels are 255 − value, before they are scaled; "auto" where the picture\'s border is ' +
          'lighter than its middle',
      }),
    ),
  },
  { ...closed, description: 'an object that says how an image becomes the input' },
);
export type CardImage = Static<typeof CardImage>;

/** What each of the model's inputs or outputs is, by its name: its `kind`, and keys that are the kind's own. */
const kindCards = (what: string) =>
  Type.Record(
    Type.String(),
    Type.Object(
      { kind: Type.Optional(Type.String({ description: 'the name of a kind' })) },
      { description: 'an object with the kind, and what there is to say of that kind' },
    ),
    { description: `an object that says what the model's ${what} are, by their names` },
  );

const text = { minLength: 1, maxLength: 1000 };

/** The names of classes. */
export const Labels = Type.Union(
  [
    Type.Array(Type.Union([Type.String(text), Type.Tuple([Type.String(text), Type.String(text)])]), {
      minItems: 1,
      maxItems: 1_000_000,
    }),
    Type.Null(),
  ],
  {
    description:
      "a list of names, or of pairs [WordNet id, name], in the order of the model's outputs; null where there are none",
  },
);

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
    labels: Type.Optional(Labels),
    image: Type.Optional(CardImage),
    inputs: Type.Optional(kindCards('inputs')),
    outputs: Type.Optional(kindCards('outputs')),
  },
  { ...closed, $id: 'ModelCard', description: 'an object' },
);
export type ModelCard = Static<typeof ModelCard>;
