import type { ServedModel } from '../../catalog/served-model.js';
import { labelCounts } from '../../datapoints/kinds.js';
import type { ModelInput } from '../../serving/model-input.js';
import { firstImage } from '../../serving/serving.js';
import { nearestName } from '../../support/nearest-name.js';
import type { TensorInfo } from '../../support/tensor.js';
import { ProtocolRequestError } from '../errors.js';
import { picturesOf, type ReplyFormat } from './formats.js';

/** What the query says of a reply. */
export interface ReplyQuery {
  /** How many labels it shall have. */
  topK: number | undefined;
  /** The output that it has, where it can't have all. */
  output?: string;
  /** Whether masks and images shall be as large as the image that was sent. */
  size?: 'input';
}

const invalid = (message: string) => new ProtocolRequestError(message, 'query_invalid');

/** How many labels. @throws ProtocolRequestError where the model has no labels, or not so many */
export function topKOf(topK: number | undefined, { kinds }: ServedModel): number | undefined {
  if (topK === undefined) return undefined;
  const counts = labelCounts(kinds);
  const most = Math.max(0, ...counts);
  if (counts.length === 0) throw invalid('"top_k" is for models that have labels, and this one has none.');
  if (topK > most) throw invalid(`"top_k" must be <= ${most}, the number of classes.`);
  return topK;
}

/** The output that a request picks. @throws ProtocolRequestError where the model has no such */
export function outputOf(name: string | undefined, { outputs }: ServedModel): TensorInfo | undefined {
  const found = outputs.find((output) => output.name === name);
  if (name === undefined || found) return found;
  const names = outputs.map((output) => output.name);
  const nearest = nearestName(name, names);
  const hint = nearest ? `Did you mean "${nearest}"?` : `There is ${names.slice(0, 20).join(', ')}.`;
  throw invalid(`"output" is none of the model's outputs. ${hint}`);
}

/** What the query says of replies, and which of them it is for. @throws ProtocolRequestError */
export function checkQuery(
  { topK, output, size }: ReplyQuery,
  { mediaType }: ReplyFormat,
  model: ServedModel,
  inputs: readonly ModelInput[],
): void {
  const isJson = mediaType === 'application/json';
  if (topK !== undefined && !isJson)
    throw invalid(`"top_k" is for replies in JSON: ${mediaType} has the likeliest label, or none.`);
  if (output !== undefined && isJson)
    throw invalid('"output" is for replies in image/png and text/csv, which Accept asks for: JSON has all outputs.');
  if (size === undefined) return;
  if (picturesOf(model).length === 0)
    throw invalid('"size" is for models that give a mask or an image, and this one gives none.');
  const image = firstImage(model);
  if (!image) throw invalid('"size" is for models that take an image, and this one takes none.');
  if (inputs.some((input) => !('files' in input[image.name]!)))
    throw invalid(`"size" is for images that are sent as files, and "${image.name}" came as numbers.`);
}
