import { type TSchema, Type } from 'typebox';
import { ImageForm, imageFile } from '../../schemas/predict.js';
import { referTo } from '../../schemas/reference.js';
import { type DatapointKey, datapointKeys, objectOf } from '../datapoints/datapoint-keys.js';
import type { Described } from '../datapoints/describe-inputs.js';
import { exampleFields } from '../datapoints/example-request.js';
import type { Cell } from '../datapoints/kind.js';
import { inputKind, isImage } from '../datapoints/kinds.js';
import { haveRows } from '../datapoints/rows.js';
import { csvLine } from '../protocols/predict/csv-reply.js';

/** A media type of a body, as OpenAPI has it. */
interface MediaType {
  schema: TSchema;
  example?: unknown;
  encoding?: Record<string, { contentType: string }>;
}

/** Bodies by media type. */
type Bodies = Record<string, MediaType>;

/**
 * The bodies that a model takes, those first that people would send: forms where it takes files or names, the bytes of a file or a
 * text where a datapoint is nothing else, tables of CSV, and JSON.
 */
export function bodiesOf(model: Described, json: MediaType): Bodies {
  if (!haveRows(model.inputs)) return { 'application/json': json };
  const keys = datapointKeys(model).filter(({ usual }) => usual);
  const isTable =
    keys.some((key) => isColumn(key) || key.kind === 'text') && keys.every(({ kind }) => kind !== 'image');
  const hasImage = keys.some(({ kind }) => kind === 'image');
  const form: Bodies = keys.every(({ kind }) => kind === 'tensor')
    ? {}
    : { 'multipart/form-data': formOf(model, keys) };
  const others = { ...rawBodiesOf(model), ...(isTable && { 'text/csv': csvOf(model, keys) }) };
  return hasImage ? { ...form, ...others, 'application/json': json } : { 'application/json': json, ...form, ...others };
}

const isColumn = ({ column }: DatapointKey): boolean => column !== undefined;

/** A part for each input or column: a file of an image, the bare text of a column, else JSON. Pages fill in the examples. */
function formOf(model: Described, keys: readonly DatapointKey[]): MediaType {
  if (isImage(model.kinds)) return { schema: referTo(ImageForm) };
  const values = exampleFields(model, keys);
  const inJson = keys.filter((key) => !isColumn(key) && key.kind !== 'image' && key.kind !== 'text');
  return {
    schema: objectOf(
      keys,
      ({ key, kind, schema }) =>
        kind === 'image' ? imageFile : { ...schema, ...(values && { examples: [values[key]] }) },
      true,
    ),
    ...(inJson.length > 0 && {
      encoding: Object.fromEntries(inJson.map(({ key }) => [key, { contentType: 'application/json' }])),
    }),
  };
}

/** What is one datapoint by itself, of a model with one input. */
function rawBodiesOf(model: Described): Bodies {
  const [only, ...others] = datapointKeys(model).filter(({ usual }) => usual);
  if (!only || others.length > 0) return {};
  const file = { schema: Type.String({ format: 'binary', description: 'The bytes of the file.' }) };
  const text = { schema: Type.String({ description: 'The text.' }), example: exampleFields(model, [only])?.[only.key] };
  return Object.fromEntries(
    inputKind(only.kind).media.map((media) => [media, media.startsWith('text/') ? text : file]),
  );
}

/** Columns that a text names. */
const mostNamed = 20;

/** A row for each datapoint. */
function csvOf(model: Described, keys: readonly DatapointKey[]): MediaType {
  const names = keys.slice(0, mostNamed).map(({ key }) => `\`${key}\``);
  const listed = [...names, ...(keys.length > mostNamed ? ['…'] : [])].join(', ');
  const values = exampleFields(model, keys);
  return {
    schema: Type.String({
      description: `A table of CSV in UTF-8: a header with the columns ${listed} in any order, then a row for each datapoint; lists are JSON.`,
    }),
    ...(values && { example: csvLine(Object.keys(values)) + csvLine(Object.values(values).map(cellOf)) }),
  };
}

/** A value of JSON in a cell. */
const cellOf = (value: unknown): Cell =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as Cell);
