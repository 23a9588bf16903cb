import type { Hdf5Group } from './hdf5.js';
import type { LegacyOrigin } from './legacy-layout.js';
import type { Config, ConfigValue, KerasModel } from './model.js';
import type { NamedWeight } from './weights.js';

/** The layers of a model as a file describes them. */
export interface Architecture {
  container: KerasModel['container'];
  /** `{"class_name", "config"}` of the model. */
  entry: Config;
  kerasVersion: string | undefined;
  /** What it was compiled with, where the file says so: `loss` and much that only training needs. */
  training?: ConfigValue;
}

/** Weights before they are given to layers. */
export type WeightStore =
  /** As in `.keras` and in `.weights.h5` since Keras 3: by the attributes that hold layers. */
  | { layout: 'tree'; group: Hdf5Group; readVocabulary?: (layerPath: string) => Promise<string | undefined> }
  /** As in `.h5`: by top layer, then a list. */
  | { layout: 'grouped'; group: Hdf5Group; origin: LegacyOrigin }
  /** As in TensorFlow.js: one list of the model. */
  | { layout: 'list'; weights: NamedWeight[] };

/** What a file holds. */
export interface Contents {
  architecture?: Architecture;
  weights?: WeightStore;
}
