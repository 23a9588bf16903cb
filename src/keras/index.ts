export { ModelFileError, type ModelFileErrorCode } from './errors.js';
export * from './model.js';
export { isOnnxFile, type ModelKind, modelFiles, modelKind, readGraphModelFile } from './model-files.js';
export { otherFolder } from './other-folders.js';
export { type ReadOptions, readKerasModel } from './read.js';
export { onlyVocabularyFile, vocabularyFiles } from './vocabulary-files.js';
