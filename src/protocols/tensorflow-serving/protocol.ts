import { protocolError } from '../../../schemas/protocol-error.js';
import { type Catalog, CatalogError } from '../../catalog/catalog.js';
import { type CatalogVersion, servingVersion } from '../../catalog/model-versions.js';
import { isImage } from '../../datapoints/kinds.js';
import { versionOf } from '../../support/model-name.js';
import type { RawBody } from '../body.js';
import { ProtocolRequestError } from '../errors.js';
import { jsonType, type Protocol, transferable } from '../protocol.js';

/** The label that every model has: of the version that serves where none is named. */
const STABLE = 'stable';

/** The parts of an address of TensorFlow Serving's that name a model. */
export interface ServableAddress {
  model: string;
  version?: string;
  label?: string;
}

/** `POST …:predict` of TensorFlow Serving's REST API. */
export const tensorFlowServing: Protocol<ServableAddress, { body: RawBody }> = {
  prefix: '/v1',
  errorBody: protocolError,

  lease(serving, address) {
    const wanted = versionNumber(address);
    try {
      return serving.lease(address.model, wanted);
    } catch (error) {
      throw servableError(error, address.model, wanted);
    }
  },

  async keep(message) {
    return { message: { ...message, body: message.body.kept }, bytes: message.body.chunks };
  },

  async answer({ serving, tasks }, lease, { body }, context) {
    const { inputs, outputs: infos, kinds } = lease.model;
    const parsed = { body: body.chunks, signature: { inputs, outputs: infos }, takesImages: isImage(kinds) };
    const { signal } = context;
    const { format, input } = await tasks.run('parsePredict', parsed, body.size, { transfer: body.buffers, signal });
    const { tensors, size, transfer } = transferable(await serving.run(lease, input, infos, context));
    const given = { outputs: tensors, infos, format, maxSize: serving.limits.maxReplySize };
    return { contentType: jsonType, body: await tasks.run('writePredict', given, size, { transfer, signal }) };
  },
};

/** Says in TensorFlow Serving's words that a model or version isn't there. */
function servableError(error: unknown, model: string, version: number | undefined): unknown {
  if (!(error instanceof CatalogError) || error.code === 'model_not_ready') return error;
  const spec = version === undefined ? `Latest(${model})` : `Specific(${model}, ${version})`;
  return new ProtocolRequestError(`Servable not found for request: ${spec}`, error.code);
}

/** The version that an address names, for its signature. @throws CatalogError, ProtocolRequestError */
export function findServable(catalog: Catalog, address: ServableAddress): ReturnType<Catalog['findVersion']> {
  const wanted = versionNumber(address);
  try {
    return catalog.findVersion(address.model, wanted);
  } catch (error) {
    throw servableError(error, address.model, wanted);
  }
}

/** The versions that an address names, for their status. @throws ProtocolRequestError */
export function findVersions(catalog: Catalog, address: ServableAddress): readonly CatalogVersion[] {
  const { model, label } = address;
  const wanted = versionNumber(address);
  const entry = catalog.get(model);
  if (!entry) throw new ProtocolRequestError(`Could not find any versions of model ${model}`, 'model_unknown');
  const stable = servingVersion(entry.versions);
  const versions = entry.versions.filter((one) =>
    label ? one === stable : wanted === undefined || one.version === wanted,
  );
  if (versions.length > 0) return versions;
  throw new ProtocolRequestError(
    `Could not find version ${label ?? wanted} of model ${model}`,
    'model_version_unknown',
  );
}

/** The number of the version that an address names, if it names one. */
function versionNumber({ model, version, label }: ServableAddress): number | undefined {
  if (label !== undefined && label !== STABLE)
    throw new ProtocolRequestError(`Unrecognized servable version label: ${label}`, 'url_invalid');
  if (version === undefined) return undefined;
  const number = versionOf(version);
  if (number !== undefined) return number;
  throw new ProtocolRequestError(
    `Failed to convert version: ${version} to numeric, for model ${model}.`,
    'url_invalid',
  );
}
