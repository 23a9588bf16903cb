import { type TSchema, Type } from 'typebox';
import { PredictQuery } from '../../schemas/predict.js';
import type { ServedModel } from '../catalog/served-model.js';
import { labelCounts } from '../datapoints/kinds.js';
import { formats, picturesOf } from '../protocols/predict/formats.js';
import { firstImage } from '../serving/serving.js';
import type { TensorInfo } from '../support/tensor.js';

/** The outputs that can be a reply of a media type. */
const candidatesOf = (type: string, model: ServedModel): readonly TensorInfo[] =>
  formats.find(({ mediaType }) => mediaType === type)?.candidates(model) ?? [];

/** What replies can be beside JSON. */
export const otherReplies = (model: ServedModel): Record<string, object> =>
  candidatesOf('image/png', model).length > 0 ? { 'image/png': { schema: picture } } : {};

const picture: TSchema = Type.String({
  format: 'binary',
  description: 'A mask or an image of one datapoint, which `output` picks where there are several.',
});

/**
 * What the description of a reply says of CSV. As a content of its own it would make texts of all replies of generated clients,
 * which would then have to tell them apart.
 */
export const csvNote = (model: ServedModel): string =>
  candidatesOf('text/csv', model).length > 0
    ? ' With `Accept: text/csv` it is CSV: a header and a row for each datapoint.'
    : '';

/** The parameters of the query that a model knows. */
export function parametersOf(model: ServedModel): object[] {
  const { top_k: topK, size, output } = PredictQuery.properties;
  const labels = Math.max(0, ...labelCounts(model.kinds));
  const picked = [...new Set(['image/png', 'text/csv'].flatMap((type) => candidatesOf(type, model)))];
  const known: [name: keyof PredictQuery, schema: TSchema | undefined][] = [
    ['top_k', labels > 0 ? { ...topK, maximum: labels, default: Math.min(5, labels) } : undefined],
    ['size', picturesOf(model).length > 0 && firstImage(model) ? size : undefined],
    [
      'output',
      model.outputs.length > 1 && picked.length > 0 ? { ...output, enum: picked.map(({ name }) => name) } : undefined,
    ],
  ];
  return known.flatMap(([name, given]) => {
    if (!given) return [];
    const { description, ...schema } = given as TSchema & { description?: string };
    return [{ in: 'query', name, description, schema }];
  });
}
