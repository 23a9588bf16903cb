import type { LayerTable } from '../context.js';
import { activationLayers } from './activation.js';
import { adaptiveEqualizationLayers } from './adaptive-equalization.js';
import { applicationLayers } from './applications.js';
import { attentionLayers } from './attention.js';
import { categoryLayers } from './categories.js';
import { convolutionLayers } from './convolution.js';
import { coreLayers } from './core.js';
import { imagePreprocessingLayers } from './image-preprocessing.js';
import { keras1Layers } from './keras1.js';
import { lambdaLayers } from './lambda/index.js';
import { locallyConnectedLayers } from './locally-connected.js';
import { lookupLayers } from './lookup.js';
import { mergingLayers } from './merging.js';
import { normalizationLayers } from './normalization.js';
import { operationLayers } from './operations/index.js';
import { poolingLayers } from './pooling.js';
import { preprocessingLayers } from './preprocessing.js';
import { recurrentLayers } from './recurrent.js';
import { recurrentWrappers } from './recurrent-wrappers.js';
import { regularizationLayers } from './regularization.js';
import { reshapingLayers } from './reshaping.js';
import { spectrogramLayers } from './spectrogram.js';
import { stringLayers } from './strings.js';

/** Every layer that can be compiled, by Keras class name. */
export const layerTable: LayerTable = {
  ...coreLayers,
  ...activationLayers,
  ...adaptiveEqualizationLayers,
  ...applicationLayers,
  ...categoryLayers,
  ...attentionLayers,
  ...convolutionLayers,
  ...imagePreprocessingLayers,
  ...keras1Layers,
  ...lambdaLayers,
  ...locallyConnectedLayers,
  ...lookupLayers,
  ...mergingLayers,
  ...normalizationLayers,
  ...operationLayers,
  ...poolingLayers,
  ...preprocessingLayers,
  ...recurrentLayers,
  ...recurrentWrappers,
  ...regularizationLayers,
  ...reshapingLayers,
  ...spectrogramLayers,
  ...stringLayers,
};

/**
 * Classes with `supports_masking` that don't compute a mask of their own: the mask of the first input goes on to the output.
 */
export const supportsMasking: ReadonlySet<string> = new Set([
  'Activation',
  'ActivityRegularization',
  'AlphaDropout',
  'BatchNormalization',
  'Dense',
  'Dropout',
  'ELU',
  'GaussianDropout',
  'GaussianNoise',
  'GroupNormalization',
  'Identity',
  'LayerNormalization',
  'LeakyReLU',
  'Normalization',
  'PReLU',
  'ReLU',
  'Rescaling',
  'Softmax',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'SpatialDropout3D',
  'TernaryDense',
  'ThresholdedReLU',
  'UnitNormalization',
]);
