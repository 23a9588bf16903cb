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
export const ImageForm = Type.Object({
  image: Type.String({ format: 'binary', description: 'The file: JPEG, PNG, WebP, GIF, TIFF or AVIF.' }),
});

/** An image in JSON. */
export const ImageJson = Type.Object({
  image: Type.String({
    description: 'The file as base64, or as a data URL.',
    examples: ['/9j/4AAQSkZJRgABAQEASABIAAD…'],
  }),
});
export type ImageJson = Static<typeof ImageJson>;

/** The three ways in which `POST /predict` takes an image. */
export const predictBody = {
  content: {
    'multipart/form-data': { schema: ImageForm },
    'image/*': { schema: Type.String({ format: 'binary', description: 'The bytes of the file.' }) },
    'application/json': { schema: ImageJson },
  },
};
