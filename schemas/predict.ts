import { type Static, Type } from 'typebox';
import { referTo } from './reference.js';

/** One label with how likely it is. */
export const ImagePrediction = Type.Object(
  {
    label: Type.String({ description: 'Name of the class.', examples: ['beagle'] }),
    probability: Type.Unsafe<number | null>({
      type: ['number', 'null'],
      description: 'How likely the class is, from 0 to 1; null where the model gives no number.',
      examples: [0.9901360869407654],
    }),
  },
  { $id: 'keras-serve.Prediction', description: 'One label with how likely it is.' },
);
export type ImagePrediction = Static<typeof ImagePrediction>;

/** One label of several that may hold at once. */
export const LabelPrediction = Type.Object(
  {
    ...ImagePrediction.properties,
    predicted: Type.Boolean({ description: 'Whether it is likely enough to hold.' }),
  },
  {
    $id: 'keras-serve.LabelPrediction',
    description: 'One label of several that may hold at once, with how likely it is.',
  },
);

/** A number with its unit. */
export const NumberPrediction = Type.Object(
  {
    value: Type.Unsafe<number | null>({
      type: ['number', 'null'],
      description: 'The number; null where the model gives none.',
      examples: [231_500],
    }),
    unit: Type.Optional(
      Type.String({ description: 'What it is counted in, where that is known.', examples: ['dollars'] }),
    ),
  },
  { $id: 'keras-serve.NumberPrediction', description: 'A number.' },
);

const sides = {
  width: Type.Integer({ minimum: 1, description: 'In pixels.' }),
  height: Type.Integer({ minimum: 1, description: 'In pixels.' }),
};

/** A class for each pixel of an image. */
export const MaskPrediction = Type.Object(
  {
    ...sides,
    png: Type.String({
      format: 'byte',
      description:
        'A PNG file as base64: grey, with the class of each pixel. Of two classes the second is 255. It has 16 bits where there are more than 256 classes.',
    }),
    areas: Type.Array(
      Type.Object({
        label: Type.String({ description: 'Name of the class.', examples: ['road'] }),
        fraction: Type.Number({
          minimum: 0,
          maximum: 1,
          description: 'What part of the pixels is of this class.',
          examples: [0.42],
        }),
      }),
      { description: 'The classes that are there, the largest first.' },
    ),
  },
  { $id: 'keras-serve.MaskPrediction', description: 'A class for each pixel of the image.' },
);

/** An image that a model makes. */
export const PicturePrediction = Type.Object(
  { ...sides, png: Type.String({ format: 'byte', description: 'A PNG file as base64: grey, RGB or RGBA.' }) },
  { $id: 'keras-serve.PicturePrediction', description: 'An image.' },
);

/** The reply of `POST /predict`. */
export const Predictions = Type.Object(
  {
    predictions: Type.Array(referTo(ImagePrediction), {
      description: 'The most likely labels, the likeliest first.',
    }),
    success: Type.Literal(true),
  },
  {
    $id: 'keras-serve.Predictions',
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
  size: Type.Optional(
    Type.Literal('input', {
      description:
        'Masks and images get the size of the (first) image that was sent: padding is cut off, and what a crop left out is 0.',
    }),
  ),
  output: Type.Optional(
    Type.String({ description: 'The output that a reply as `image/png` or `text/csv` has, where there are several.' }),
  ),
});
export type PredictQuery = Static<typeof PredictQuery>;

/** A file in a form. By its example Swagger UI tells that none is chosen yet, and shows other bodies as they are. */
export const imageFile = Type.String({
  format: 'binary',
  description: 'The file: JPEG, PNG, WebP, GIF, TIFF or AVIF.',
  examples: [''],
});

/** An image in a form, as `curl -F image=@dog.jpg` sends it. */
export const ImageForm = Type.Object(
  {
    image: imageFile,
  },
  { $id: 'keras-serve.ImageForm', description: 'An image in a form.' },
);

/** An orange square, so that what is tried out works. */
const tinyImage =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mO40GCAFTEMLQkAqvNgAYxC/LYAAAAASUVORK5CYII=';

export const imageExample = { image: tinyImage };
export const imageInstanceExample = { b64: tinyImage };

/** An image file as text. */
export const imageText = Type.String({ description: 'The file as base64, or as a data URL.', examples: [tinyImage] });

/** An image in JSON. */
export const ImageJson = Type.Object(
  { image: imageText },
  { $id: 'keras-serve.ImageJson', description: 'An image in JSON.', examples: [imageExample] },
);

/** An image among others in JSON. */
export const ImageInstance = Type.Object(
  { b64: imageText },
  { $id: 'keras-serve.ImageInstance', additionalProperties: false, description: 'An image among others in JSON.' },
);
