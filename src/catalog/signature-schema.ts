import { type TSchema, Type } from 'typebox';
import { ImageInstance, ImageJson, LabelPrediction } from '../../schemas/predict.js';
import { referTo } from '../../schemas/reference.js';
import { batchSizeOf } from '../inference/batch.js';
import type { Signature, TensorInfo, TensorType } from '../tensor.js';
import { countOf, exampleRequest, mostElements, type Sizes } from './example-request.js';
import { describe, largestFloat32 } from './json-tensor.js';
import { classifies } from './labels.js';
import { haveRows } from './reply-text.js';

/** What of a served model its schemas are made from. */
export interface SchemaSource extends Signature {
  /** Whether it takes image files. */
  takesImages: boolean;
  /** Whether its scores have labels. */
  hasLabels: boolean;
}

/** JSON Schemas of what a model takes and gives in JSON. */
export interface ModelSchemas {
  request: TSchema;
  /** A request that the model answers; undefined where it would be too long to be read. */
  example: unknown;
  reply: TSchema;
}

const whole = (minimum: number, maximum: number, options = {}) => Type.Integer({ ...options, minimum, maximum });

/** An element of a request, by type. */
const elements: Record<TensorType, TSchema> = {
  float32: Type.Number({ format: 'float', minimum: -largestFloat32, maximum: largestFloat32 }),
  float64: Type.Number({ format: 'double' }),
  int8: whole(-(2 ** 7), 2 ** 7 - 1),
  uint8: whole(0, 2 ** 8 - 1),
  int16: whole(-(2 ** 15), 2 ** 15 - 1),
  uint16: whole(0, 2 ** 16 - 1),
  int32: whole(-(2 ** 31), 2 ** 31 - 1, { format: 'int32' }),
  uint32: whole(0, 2 ** 32 - 1),
  int64: whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, { format: 'int64' }),
  uint64: whole(0, Number.MAX_SAFE_INTEGER),
  bool: Type.Union([Type.Boolean(), Type.Integer({ minimum: 0, maximum: 1 })]),
};

/** An element of a reply. */
function replyElement(type: TensorType): TSchema {
  if (type === 'bool') return Type.Boolean();
  if (!type.startsWith('float')) return Type.Integer();
  return Type.Unsafe({ type: ['number', 'null'], format: type === 'float64' ? 'double' : 'float' });
}

/** Arrays inside one another, one for each axis. */
function nested(sizes: Sizes, element: TSchema, tellSizes = countOf(sizes) <= mostElements): TSchema {
  const bounds = (size: number | null) =>
    size === null ? { minItems: 1 } : tellSizes ? { minItems: size, maxItems: size } : {};
  return sizes.reduceRight<TSchema>((items, size) => Type.Array(items, bounds(size)), element);
}

/** What an input takes for a row: of one element, the number alone too. */
function rowSchema({ shape, type }: TensorInfo, tellSizes?: boolean): TSchema {
  const sizes = shape.slice(1);
  const array = nested(sizes, elements[type], tellSizes);
  return sizes.length > 0 && sizes.every((size) => size === 1) ? Type.Union([elements[type], array]) : array;
}

const byName = (infos: readonly TensorInfo[], schema: (info: TensorInfo) => TSchema): TSchema =>
  Type.Object(
    Object.fromEntries(
      infos.map((info) => [info.name, { ...schema(info), description: `\`${info.type}\`, ${shapeText(info)}` }]),
    ),
    { additionalProperties: false },
  );

const shapeText = ({ shape }: TensorInfo) => `shape (${shape.map((size) => size ?? 'any').join(', ')})`;
const only = { additionalProperties: false };

/** The schemas of a model, made from its signature. */
export function modelSchemas(source: SchemaSource): ModelSchemas {
  const example = source.takesImages ? undefined : exampleRequest(source);
  return { request: requestSchema(source), example, reply: replySchema(source) };
}

function requestSchema({ inputs, outputs, takesImages }: SchemaSource): TSchema {
  if (!haveRows(inputs)) return byName(inputs, ({ shape, type }) => nested(shape, elements[type]));
  const [first] = inputs;
  const isOne = inputs.length === 1;
  const row = isOne ? rowSchema(first!, takesImages || undefined) : byName(inputs, (info) => rowSchema(info));
  const batch = batchSizeOf({ inputs, outputs }) === undefined ? first!.shape[0] : null;
  const rows = batch ? { minItems: batch, maxItems: batch } : { minItems: 1 };
  const meaning = isOne
    ? `\`${first!.name}\`: \`${first!.type}\`, ${shapeText(first!)}. Each instance is ${describe(first!.shape.slice(1), first!.type)}.`
    : 'Each instance is an object with a value for every input.';
  const tensors = Type.Array(row, { ...rows, description: meaning });
  if (!takesImages) return Type.Object({ instances: tensors }, only);
  const asModel = 'They are given to the model as they are: not scaled.';
  const images = Type.Array(referTo(ImageInstance), { minItems: 1, description: 'Image files.' });
  return Type.Union([
    referTo(ImageJson),
    Type.Object({ instances: images }, only),
    Type.Object({ instances: { ...tensors, description: `${meaning} ${asModel}` } }, only),
  ]);
}

function replySchema({ outputs, hasLabels, takesImages }: SchemaSource): TSchema {
  const predictions =
    classifies({ outputs }) && (hasLabels || takesImages)
      ? labelsSchema(hasLabels ? undefined : rowsSchema(outputs))
      : rowsSchema(outputs);
  return Type.Object({ predictions, success: Type.Literal(true) });
}

/** The labels of instances; without names for the classes, only images have them, and tensors have rows of scores. */
function labelsSchema(rows: TSchema | undefined): TSchema {
  const labels = Type.Array(
    Type.Array(referTo(LabelPrediction), { description: 'The likeliest labels, the likeliest first.' }),
    { description: 'For every instance.' },
  );
  return rows ? Type.Union([labels, rows]) : labels;
}

function rowsSchema(outputs: readonly TensorInfo[]): TSchema {
  const whole = ({ shape, type }: TensorInfo) => nested(shape, replyElement(type));
  const row = ({ shape, type }: TensorInfo) => nested(shape.slice(1), replyElement(type));
  const [first] = outputs;
  if (outputs.length > 1)
    return haveRows(outputs)
      ? Type.Array(byName(outputs, row), { description: 'For every instance, an object with every output.' })
      : byName(outputs, whole);
  const description = `\`${first!.name}\`: \`${first!.type}\`, ${shapeText(first!)}.`;
  return haveRows(outputs) ? Type.Array(row(first!), { description }) : { ...whole(first!), description };
}
