import { OpenInferenceParams } from '../../schemas/open-inference.js';
import type { Catalog } from '../../src/catalog/catalog.js';
import { versionOf } from '../../src/catalog/model-name.js';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { RequestError } from '../errors.js';

/** The parts of an address that name a model. */
export interface NamedVersion {
  model: string;
  version?: string;
}

/** The ways to name a model: what follows its name, and what is added to the ids of the operations. */
export const ways = [
  { path: '', suffix: '', params: OpenInferenceParams.model, which: 'the newest version of a model' },
  { path: '/versions/:version', suffix: 'Version', params: OpenInferenceParams.version, which: 'a version of a model' },
];

/** Of all operations. */
export const tags = ['Open Inference Protocol'];

/**
 * The model that an address names, with the number of its version.
 * @throws CatalogError, RequestError
 */
export function findModel(
  catalog: Catalog,
  { model: name, version }: NamedVersion,
): { model: ServedModel; version: string } {
  const wanted = version === undefined ? undefined : versionOf(version);
  if (version !== undefined && wanted === undefined)
    throw new RequestError('model_version_unknown', `A version is a number, not ${JSON.stringify(version)}.`);
  const found = catalog.findVersion(name, wanted);
  return { model: found.model, version: String(found.version) };
}
