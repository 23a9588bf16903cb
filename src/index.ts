export { type AppOptions, buildApp, default as app } from './app.js';
export { loadServedModel as loadModel, type Prediction, type ServedModel } from './catalog/served-model.js';
export { type Config, ConfigError } from './config.js';
