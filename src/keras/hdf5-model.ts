import { asText, isObject } from './config.js';
import type { Contents, WeightStore } from './contents.js';
import { ModelFileError } from './errors.js';
import { type Hdf5Attribute, type Hdf5Group, readHdf5, trainingAttribute } from './hdf5.js';
import { limits, parseJson } from './limits.js';
import type { ConfigValue } from './model.js';
import type { OpenModelFile } from './source.js';

/**
 * Reads an HDF5 file of Keras: a whole model, by Keras 1, 2 or 3, or weights alone in any of their layouts.
 *
 * @throws ModelFileError
 */
export async function readHdf5Model({ path, size }: OpenModelFile): Promise<Contents> {
  const file = await readHdf5({ path, offset: 0, length: size });
  const weights = weightStore(file);
  const { model_config: text } = file.attributes;
  if (typeof text !== 'string') return { weights };
  const entry = parseJson(text, 'model_config');
  if (!isObject(entry)) throw new ModelFileError('model_damaged', 'The model_config in the file is no JSON object.');
  return {
    architecture: {
      container: 'hdf5',
      entry,
      kerasVersion: asText(file.attributes.keras_version) ?? asText(entry.keras_version),
      training: trainingConfig(file.attributes[trainingAttribute]),
    },
    weights,
  };
}

/** What the model was compiled with. Models are served without: what can't be read is left out. */
function trainingConfig(text: Hdf5Attribute | undefined): ConfigValue | undefined {
  if (typeof text !== 'string' || text.length > limits.trainingConfigBytes) return undefined;
  try {
    return parseJson(text, trainingAttribute);
  } catch {
    return undefined;
  }
}

/** @throws ModelFileError when the file holds nothing of Keras */
function weightStore(file: Hdf5Group): WeightStore {
  const group = file.groups.get('model_weights') ?? file;
  if ('layer_names' in group.attributes || 'layer_names0' in group.attributes) {
    const version = asText(group.attributes.keras_version) ?? asText(file.attributes.keras_version) ?? '1';
    const keras1 = /^[01](\.|$)/.test(version);
    const backend = asText(group.attributes.backend) ?? asText(file.attributes.backend);
    return {
      layout: 'grouped',
      group,
      origin: { keras1, backend: backend ?? (keras1 ? keras1Backend(group) : undefined) },
    };
  }
  if (['layers', '_layer_checkpoint_dependencies', 'vars'].some((name) => file.groups.has(name))) {
    return { layout: 'tree', group: file };
  }
  throw new ModelFileError(
    'model_format_unsupported',
    'This is an HDF5 file, but Keras did not write it: it holds neither a model nor the weights of one. ' +
      "Give the file that model.save('model.keras') wrote.",
  );
}

/** Keras 1 does not say its backend, but TensorFlow's names of variables end in `:0` and Theano's don't. */
function keras1Backend(group: Hdf5Group): string | undefined {
  for (const layer of group.groups.values()) {
    const names = layer.attributes.weight_names;
    if (Array.isArray(names) && names.length > 0) return String(names[0]).endsWith(':0') ? 'tensorflow' : 'theano';
  }
  return undefined;
}
