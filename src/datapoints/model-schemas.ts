import { type TSchema, Type } from 'typebox';
import { ImageJson } from '../../schemas/predict.js';
import { referTo } from '../../schemas/reference.js';
import { batchSizeOf } from '../inference/batch.js';
import type { TensorInfo } from '../support/tensor.js';
import { type DatapointKey, datapointKeys, objectOf, type Share, shapeText } from './datapoint-keys.js';
import { namesOf } from './datapoint-names.js';
import type { Described } from './describe-inputs.js';
import { exampleRequest } from './example-request.js';
import { inputKind, isImage, outputKind } from './kinds.js';
import { haveRows } from './rows.js';
import { elementSchema, nested, nestedReply } from './tensor-schema.js';

/** JSON Schemas of what a model takes and gives in JSON. */
export interface ModelSchemas {
  request: TSchema;
  /** A request that the model answers; undefined where it would be too long to be read. */
  example: unknown;
  reply: TSchema;
}

/** The schemas of a model, made from its signature and the kinds of its inputs and outputs. */
export const modelSchemas = (model: Described, share: Share = (_part, schema) => schema): ModelSchemas => ({
  request: haveRows(model.inputs) ? requestSchema(model, share) : wholeInputs(model, share),
  example: exampleRequest(model),
  reply: share('Reply', {
    ...Type.Object({ predictions: predictionsSchema(model, share), success: Type.Literal(true) }),
    description: 'What the model gives.',
  }),
});

const only = { additionalProperties: false };

/** Of a model whose inputs have no rows in common: each of them as a whole. */
function wholeInputs({ inputs }: Described, share: Share): TSchema {
  const byName = share('Request', {
    ...namedSchema(inputs, ({ shape, type }) => nested(shape, elementSchema(type))),
    description: 'Every input, by its name.',
  });
  return Type.Union([byName, Type.Object({ inputs: byName }, only)]);
}

function requestSchema(model: Described, share: Share): TSchema {
  const { inputs, outputs, kinds } = model;
  const [first] = inputs as [TensorInfo];
  const isOne = inputs.length === 1;
  const keys = datapointKeys(model, share);
  const datapoint = share('Datapoint', {
    ...datapointSchema(model, keys),
    description: 'One datapoint, by the names of inputs and columns.',
  });
  const value = isOne && keys[0]!.schema;
  const batch = batchSizeOf({ inputs, outputs }) === undefined ? first.shape[0] : null;
  const rows = batch ? { minItems: batch, maxItems: batch } : { minItems: 1 };
  const { text } = inputKind(kinds.inputs[first.name]!.kind).describe(first, kinds.inputs[first.name]!.spec);
  const description = isOne
    ? `\`${first.name}\`: \`${first.type}\`, ${shapeText(first.shape)}. Each instance is ${text}.`
    : 'Each instance is an object with a value for every input.';
  const instances = share(
    'Datapoints',
    Type.Array(value ? Type.Union([value, datapoint]) : datapoint, { ...rows, description }),
  );
  const lists = share('Lists', {
    ...objectOf(keys, ({ schema }) => Type.Array(schema, { minItems: 1 }), keys.length === inputs.length),
    description: 'The values of all datapoints, in a list for each input or column.',
  });
  const names = namesOf(inputs, kinds.inputs);
  const wrapped = [
    { key: 'instances', part: 'Request', schema: instances, description: 'A list of datapoints.' },
    { key: 'inputs', part: 'Inputs', schema: lists, description: 'Lists by the names of inputs and columns.' },
    // An input of that name is meant first.
  ].flatMap(({ key, part, schema, description }) =>
    names.has(key) ? [] : [share(part, { ...Type.Object({ [key]: schema }, only), description })],
  );
  return Type.Union([...(batch && batch > 1 ? [] : [datapoint]), ...wrapped, instances, lists]);
}

/** One datapoint by name: as people would say it, else by any of the names that there are. */
function datapointSchema({ kinds }: Described, keys: readonly DatapointKey[]): TSchema {
  const usual = keys.filter((key) => key.usual);
  const byUsual = isImage(kinds) ? referTo(ImageJson) : objectOf(usual, ({ schema }) => schema, true);
  if (usual.length === keys.length && !isImage(kinds)) return byUsual;
  return Type.Union([byUsual, objectOf(keys, ({ schema }) => schema, false)]);
}

function predictionsSchema({ inputs, outputs, kinds }: Described, share: Share): TSchema {
  const describe = (output: TensorInfo) => {
    const { kind, spec } = kinds.outputs[output.name]!;
    const { schema } = outputKind(kind).describe(output, spec);
    return kind === 'tensor' ? { ...schema, description: tensorText(output) } : schema;
  };
  const [first] = outputs as [TensorInfo];
  const isOne = outputs.length === 1;
  if (!haveRows(outputs)) {
    const whole = (output: TensorInfo) => ({
      ...nestedReply(output.shape, output.type),
      description: tensorText(output),
    });
    return isOne ? whole(first) : namedSchema(outputs, whole);
  }
  const value = isOne ? describe(first) : namedSchema(outputs, describe);
  const one = share('Result', { description: 'What the model gives for one datapoint.', ...value });
  const several = Type.Array(one, { description: 'What it gives for each datapoint of a list.' });
  return haveRows(inputs) ? Type.Union([one, several]) : several;
}

const tensorText = ({ name, type, shape }: TensorInfo): string => `\`${name}\`: \`${type}\`, ${shapeText(shape)}.`;

/** An object with something for each input or output. */
const namedSchema = (infos: readonly TensorInfo[], schema: (info: TensorInfo) => TSchema): TSchema =>
  Type.Object(
    Object.fromEntries(
      infos.map((info) => [info.name, { description: `\`${info.type}\`, ${shapeText(info.shape)}`, ...schema(info) }]),
    ),
    only,
  );
