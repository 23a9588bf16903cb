/** keras-serve as a plugin for a Fastify app of one's own: `import kerasServe from 'keras-serve/plugin'`. */
export { default, default as kerasServe } from './app.js';
export type { KerasServeOptions } from './options.js';
