/** keras-serve as a plugin for a Fastify app of one's own: `import kerasServe from 'keras-serve/plugin'`. */
export { type AppOptions as KerasServeOptions, default, default as kerasServe } from './app.js';
