import { isObject } from './config.js';
import type { Contents } from './contents.js';
import { ModelFileError } from './errors.js';
import { type Hdf5Group, readHdf5 } from './hdf5.js';
import type { Config } from './model.js';
import { pathBeside, withSource } from './source.js';

/** Shards have gigabytes each. */
const MAX_SHARDS = 1_000;

/** Whether a JSON file is the `.weights.json` of weights that Keras 3 saved with `max_shard_size`. */
export const isShardedWeights = (json: Config): boolean => isObject(json.weight_map);

/** The shards that a `.weights.json` names. */
export const shardNames = (json: Config): string[] => [
  ...new Set(
    Object.values(isObject(json.weight_map) ? json.weight_map : {}).flatMap((names) => names as string | string[]),
  ),
];

/**
 * Reads weights in shards: HDF5 files beside the JSON file that names them, each with a part of the same tree.
 *
 * @throws ModelFileError
 */
export async function readShardedWeights(path: string, json: Config): Promise<Contents> {
  const names = shardNames(json);
  if (names.length > MAX_SHARDS)
    throw new ModelFileError('model_too_large', `The weights have ${names.length} shards.`);
  const tree: Hdf5Group = { attributes: {}, groups: new Map(), datasets: new Map() };
  for (const name of names) {
    const shard = pathBeside(path, name);
    merge(tree, await withSource(shard, ({ size }) => readHdf5({ path: shard, offset: 0, length: size })));
  }
  return { weights: { layout: 'tree', group: tree } };
}

function merge(into: Hdf5Group, from: Hdf5Group): void {
  for (const [name, dataset] of from.datasets) into.datasets.set(name, dataset);
  for (const [name, group] of from.groups) {
    const there = into.groups.get(name);
    if (there) merge(there, group);
    else into.groups.set(name, group);
  }
}
