import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import type { AppOptions } from '../../src/options.js';
import { packageRoot } from '../../src/support/package.js';
import './checked-replies.js';

/** The folder of the model that keras-serve brings along. */
export const bundledModel = join(packageRoot, 'models', 'efficientnet-lite0');

/** A photo of `examples/`. */
export const photo = (name: string): Buffer => readFileSync(join(packageRoot, 'examples', name));

/** An instance that serves the bundled model while the tests of a file run. */
export function useApp(options: Partial<AppOptions> = {}): () => FastifyInstance {
  let app: FastifyInstance | undefined;
  before(async () => {
    app = await buildApp({ model: bundledModel, ...options });
    await app.ready();
  });
  after(() => app?.close());
  return () => app!;
}
