import { type Static, Type } from 'typebox';
import { referTo } from './reference.js';

/** One label with how likely it is. */
export const Prediction = Type.Object(
  {
    label: Type.String({ description: 'Name of the class.', examples: ['beagle'] }),
    probability: Type.Number({
      description: 'How likely the class is, from 0 to 1.',
      examples: [0.9901360869407654],
    }),
  },
  { $id: 'Prediction', description: 'One label with how likely it is.' },
);
export type Prediction = Static<typeof Prediction>;

/** The reply of `POST /predict`. */
export const Predictions = Type.Object(
  {
    predictions: Type.Array(referTo(Prediction), {
      description: 'The most likely labels, the likeliest first.',
    }),
    success: Type.Literal(true),
  },
  {
    $id: 'Predictions',
    description: 'What is on the image.',
    examples: [
      {
        predictions: [
          { label: 'beagle', probability: 0.9901360869407654 },
          { label: 'Walker_hound', probability: 0.002396771451458335 },
        ],
        success: true,
      },
    ],
  },
);
export type Predictions = Static<typeof Predictions>;

/** One label of an instance. */
export const LabelPrediction = Type.Object(
  {
    label: Type.String({ description: 'Name of the class.', examples: ['setosa'] }),
    probability: Type.Unsafe<number | null>({
      type: ['number', 'null'],
      description: 'How likely the class is, from 0 to 1; null where the model gives no number.',
      examples: [0.97],
    }),
  },
  { $id: 'LabelPrediction', description: 'One label of an instance with how likely it is.' },
);

/** Query of `POST /predict`. */
export const PredictQuery = Type.Object({
  top_k: Type.Optional(
    Type.Integer({
      minimum: 1,
      default: 5,
      description: 'How many labels to reply with, up to the number of classes.',
    }),
  ),
});
export type PredictQuery = Static<typeof PredictQuery>;

/** An image in a form, as `curl -F image=@dog.jpg` sends it. */
export const ImageForm = Type.Object(
  {
    image: Type.String({ format: 'binary', description: 'The file: JPEG, PNG, WebP, GIF, TIFF or AVIF.' }),
  },
  { $id: 'ImageForm', description: 'An image in a form.' },
);

/** An orange square, so that what is tried out works. */
const tinyImage =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mO40GCAFTEMLQkAqvNgAYxC/LYAAAAASUVORK5CYII=';

export const imageExample = { image: tinyImage };

/** An image in JSON. */
export const ImageJson = Type.Object(
  { image: Type.String({ description: 'The file as base64, or as a data URL.', examples: [tinyImage] }) },
  { $id: 'ImageJson', description: 'An image in JSON.', examples: [imageExample] },
);

/** An image among others in JSON. */
export const ImageInstance = Type.Object(
  { b64: Type.String({ description: 'The file as base64, or as a data URL.', examples: [tinyImage] }) },
  { $id: 'ImageInstance', additionalProperties: false, description: 'An image among others in JSON.' },
);
