import { basename } from 'node:path';
import { isObject } from './config.js';
import type { Contents } from './contents.js';
import { ModelFileError } from './errors.js';
import { type Hdf5Group, readHdf5 } from './hdf5.js';
import { quote } from './limits.js';
import type { Config } from './model.js';
import { recognise } from './recognise.js';
import { pathBeside, withSource } from './source.js';

/** Shards have gigabytes each. */
const MAX_SHARDS = 1_000;

/** Whether a JSON file is the `.weights.json` of weights that Keras 3 saved with `max_shard_size`. */
export const isShardedWeights = (json: Config): boolean => isObject(json.weight_map);

/**
 * The shards and the groups of variables, such as `/layers/dense/vars`, that each has a part of. `weight_map` has them the other way
 * round: a group is in one shard, named by a text, or in several, in a list.
 */
function groupsByShard(json: Config): Map<string, string[]> {
  const shards = new Map<string, string[]>();
  for (const [group, names] of Object.entries(isObject(json.weight_map) ? json.weight_map : {})) {
    for (const name of new Set([names].flat() as string[])) {
      const groups = shards.get(name) ?? [];
      shards.set(name, groups);
      groups.push(group);
    }
  }
  return shards;
}

/** The shards that a `.weights.json` names. */
export const shardNames = (json: Config): string[] => [...groupsByShard(json).keys()];

/** What is wrong with the weights in a file, and what to give in its place where it is one of several shards by its name. */
export function withShardAdvice(path: string, error: unknown): unknown {
  const stem = /^(.*)_\d{5}\.weights\.h5$/.exec(basename(path))?.[1];
  if (stem === undefined || !(error instanceof ModelFileError)) return error;
  const advice = `By its name it is one of several shards: give ${quote(`${stem}.weights.json`)}, which says what is in each.`;
  return new ModelFileError(error.code, `${error.message} ${advice}`, { cause: error });
}

/**
 * Reads weights in shards: HDF5 files beside the JSON file, which says what is in which of them (`keras.Model.save_weights`
 * with `max_shard_size`). Of a shard no more is taken than that.
 *
 * @throws ModelFileError, naming the shard that is missing, damaged or another model's
 */
export async function readShardedWeights(path: string, json: Config): Promise<Contents> {
  const shards = groupsByShard(json);
  if (shards.size > MAX_SHARDS) throw new ModelFileError('model_too_large', `The weights have ${shards.size} shards.`);
  if ([...shards.keys()].some((name) => /\.(safetensors|bin)$/.test(String(name)))) {
    throw new ModelFileError(
      'model_format_unsupported',
      'This lists weights without an architecture, and not of Keras (safetensors or PyTorch). ' +
        "Load them where the model was trained, and save it with model.save('model.keras').",
    );
  }
  const tree = emptyGroup();
  for (const [name, groups] of shards) {
    const shard = await readShard(path, name);
    for (const group of groups) {
      const there = find(shard, group);
      if (!there || there.datasets.size === 0) throw otherShard(path, name, `has no ${quote(group)}, which is in it`);
      add(tree, group, there, (key) => otherShard(path, name, `has ${quote(`${group}/${key}`)}, which is elsewhere`));
    }
  }
  return { weights: { layout: 'tree', group: tree } };
}

const otherShard = (path: string, name: string, what: string): ModelFileError =>
  new ModelFileError(
    'model_damaged',
    `The shard ${quote(name)} ${what} by ${quote(basename(path))}: it is of another model, or of another time. ` +
      'Copy the JSON file and all its shards again, or save them again.',
  );

/** @throws ModelFileError that names the shard */
async function readShard(path: string, name: string): Promise<Hdf5Group> {
  const shard = pathBeside(path, name);
  try {
    return await withSource(shard, async (source) => {
      const kind = await recognise(source);
      if (kind !== 'hdf5') throw new ModelFileError('model_damaged', 'This is no HDF5 file.');
      return readHdf5({ path: shard, offset: 0, length: source.size });
    });
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    const { code, message } = error;
    const advice =
      code === 'model_not_found' ? `It has to lie beside ${quote(basename(path))}, which names it.` : message;
    const what = code === 'model_not_found' ? 'is missing' : "can't be read";
    throw new ModelFileError(code, `The shard ${quote(name)} of the weights ${what}. ${advice}`, { cause: error });
  }
}

const emptyGroup = (): Hdf5Group => ({ attributes: {}, groups: new Map(), datasets: new Map() });

const partsOf = (place: string): string[] => place.split('/').filter((part) => part !== '');

/** The group at a path. */
const find = (root: Hdf5Group, place: string): Hdf5Group | undefined =>
  partsOf(place).reduce<Hdf5Group | undefined>((group, part) => group?.groups.get(part), root);

/** Puts the datasets of a group into a tree, at its path. */
function add(tree: Hdf5Group, place: string, from: Hdf5Group, twice: (name: string) => Error): void {
  let into = tree;
  for (const part of partsOf(place)) {
    const inner = into.groups.get(part) ?? emptyGroup();
    into.groups.set(part, inner);
    into = inner;
  }
  for (const [name, dataset] of from.datasets) {
    if (into.datasets.has(name)) throw twice(name);
    into.datasets.set(name, dataset);
  }
}
