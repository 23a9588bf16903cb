import { protocolError } from '../../../schemas/protocol-error.js';
import type { Catalog } from '../../catalog/catalog.js';
import { isImage } from '../../datapoints/kinds.js';
import { namedLabels } from '../../datapoints/named-labels.js';
import { versionOf } from '../../support/model-name.js';
import type { RawBody } from '../body.js';
import { ProtocolRequestError } from '../errors.js';
import { jsonType, type Protocol, type Reply, transferable } from '../protocol.js';

/** The parts of an address of the Open Inference Protocol that name a model. */
export interface InferenceAddress {
  model: string;
  version?: string;
}

/** What an inference request consists of. */
export interface InferenceMessage {
  /** As the address has it: the reply repeats it. */
  modelName: string;
  /** The header `Inference-Header-Content-Length`. */
  jsonLength: string | undefined;
  body: RawBody;
}

/** What follows the JSON is read in next to no time, up to so many bytes. */
const smallBinary = 4 * 2 ** 20;

/** `POST …/infer` of the Open Inference Protocol, version 2, as KServe and Triton have it. */
export const openInference: Protocol<InferenceAddress, InferenceMessage> = {
  prefix: '/v2',
  errorBody: protocolError,

  lease: (serving, address) => serving.lease(address.model, versionNumber(address)),

  async keep(message) {
    return { message: { ...message, body: message.body.kept }, bytes: message.body.chunks };
  },

  async answer({ serving, tasks }, lease, { modelName, jsonLength, body }, context): Promise<Reply> {
    const { model, version } = lease;
    const { inputs, outputs: infos } = model;
    const takesImages = isImage(model.kinds);
    const parsed = { body: body.chunks, jsonLength, signature: { inputs, outputs: infos }, takesImages };
    const toRead = body.size > smallBinary ? body.size : Number(jsonLength ?? body.size) || 0;
    const { signal } = context;
    const { id, input, outputs } = await tasks.run('parseInference', parsed, toRead, {
      transfer: body.buffers,
      signal,
    });
    const scores = infos.filter(({ name }) =>
      outputs.some((output) => output.name === name && output.classes === undefined),
    );
    const { tensors, size, transfer } = transferable(await serving.run(lease, input, scores, context));
    const isOfClasses = outputs.some(({ classes }) => classes !== undefined);
    const labels = (isOfClasses && namedLabels(model)) || [];
    // One number can have two labels: then it is none of them.
    const isEach = labels.length === infos[0]!.shape.at(-1);
    const classes = { output: infos[0]!.name, labels: isEach ? labels : [] };
    const maxSize = serving.limits.maxReplySize;
    const written = { modelName, modelVersion: String(version), id, tensors, outputs, classes, maxSize };
    const toWrite = outputs.every(({ binary }) => binary) ? 0 : size;
    const { json, binary } = await tasks.run('writeInference', written, toWrite, { transfer, signal });
    if (binary.length === 0) return { contentType: jsonType, body: json };
    const length = json.reduce((sum, chunk) => sum + chunk.length, 0);
    return {
      contentType: 'application/octet-stream',
      headers: { 'inference-header-content-length': length },
      body: [...json, ...binary],
    };
  },
};

/** The version that an address names, for its signature. @throws CatalogError, ProtocolRequestError */
export const findInferenceModel = (catalog: Catalog, address: InferenceAddress): ReturnType<Catalog['findVersion']> =>
  catalog.findVersion(address.model, versionNumber(address));

function versionNumber({ version }: InferenceAddress): number | undefined {
  if (version === undefined) return undefined;
  const number = versionOf(version);
  if (number !== undefined) return number;
  throw new ProtocolRequestError(`A version is a number, not ${JSON.stringify(version)}.`, 'model_version_unknown');
}
