import { knownNames, namesOf } from '../../datapoints/datapoint-names.js';
import { describeInputs, noImages } from '../../datapoints/describe-inputs.js';
import { InstancesError, isObject } from '../../datapoints/json-tensor.js';
import { isImage, type ModelKinds } from '../../datapoints/kinds.js';
import { isByName, readDatapoints } from '../../datapoints/read-datapoints.js';
import { parseJson } from '../../json/parse.js';
import { at } from '../../json/place.js';
import type { ModelInput } from '../../serving/model-input.js';
import { nearestName } from '../../support/nearest-name.js';
import type { Signature } from '../../support/tensor.js';
import { ProtocolRequestError } from '../errors.js';

/** What a request asks the model about. */
export interface RequestInput {
  input: ModelInput;
  /** Whether it is about one datapoint, not about a list. */
  single: boolean;
}

/** A body in JSON, and what it is for. */
export interface InputToRead {
  /** In UTF-8, in one chunk or several. */
  body: readonly Uint8Array[];
  signature: Signature;
  /** What the inputs are. */
  kinds: ModelKinds['inputs'];
}

/**
 * What JSON asks a model about: whatever `readDatapoints` takes.
 * @throws JsonError, Base64Error, ProtocolRequestError, InstancesError
 */
export function readInput({ body, signature, kinds }: InputToRead): RequestInput {
  const json = parseJson(body.length === 1 ? body[0]! : Buffer.concat(body));
  const { inputs } = signature;
  if (isObject(json) && !isByName(json, inputs, kinds)) {
    const model = { inputs, kinds: { inputs: kinds, outputs: {} } };
    if (Object.hasOwn(json, 'image')) throw new ProtocolRequestError(noImages(model), 'model_takes_no_images');
    const known = knownNames(namesOf(inputs, kinds));
    const key = Object.keys(json).find((one) => nearestName(one, known) !== undefined);
    if (key !== undefined)
      throw new InstancesError(at('', key), `${at('', key)} is no input. Did you mean "${nearestName(key, known)}"?`);
    const needed = isImage({ inputs: kinds }) ? '"image" or "instances"' : '"instances"';
    throw new ProtocolRequestError(`The body must have the property ${needed}. ${describeInputs(model)}`);
  }
  const { columns, single } = readDatapoints(json, signature, kinds);
  return { input: columns, single };
}
