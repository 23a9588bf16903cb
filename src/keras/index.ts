export { ModelFileError, type ModelFileErrorCode } from './errors.js';
export * from './model.js';
export { isOnnxFile, modelFiles } from './model-files.js';
export { type ReadOptions, readKerasModel } from './read.js';
