import type { LayerTable } from '../context.js';
import { identity } from './core.js';

/** Layers that act in training only. https://keras.io/api/layers/regularization_layers/ */
export const regularizationLayers: LayerTable = {
  Dropout: identity,
  SpatialDropout1D: identity,
  SpatialDropout2D: identity,
  SpatialDropout3D: identity,
  GaussianDropout: identity,
  GaussianNoise: identity,
  AlphaDropout: identity,
  ActivityRegularization: identity,
};
