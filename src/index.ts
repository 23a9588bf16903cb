export { type AppOptions, buildApp, default as app } from './app.js';
export type { DownloadEvent } from './catalog/applications/download.js';
export { WeightsError } from './catalog/applications/weights.js';
export { CardError } from './catalog/card.js';
export { InstancesError, type JsonTensor, jsonOf, tensorsOf } from './catalog/instances.js';
export {
  type Classification,
  type LoadOptions,
  loadServedModel as loadModel,
  type Prediction,
  type ServedModel,
} from './catalog/served-model.js';
export type { CardNote } from './catalog/worked-out-card.js';
export { type Config, ConfigError } from './config.js';
export { InferenceError, type InferenceErrorCode } from './inference/errors.js';
export { ModelFileError, type ModelFileErrorCode } from './keras/errors.js';
export type { Signature, Tensor, TensorData, TensorInfo, Tensors, TensorType } from './tensor.js';
