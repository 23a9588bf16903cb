import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import type { AppOptions } from '../../src/options.js';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from './app.js';
import { decode, type FixtureCase, unpackFamily } from './fixtures.js';

/** A folder of models as a server takes it: those of the fixtures for protocols, by their names. The caller removes it. */
export function protocolModels(): { folder: string; cases: FixtureCase[] } {
  const { folder, cases } = unpackFamily('protocols');
  mkdirSync(join(folder, 'served'));
  for (const { name, model } of cases) copyFileSync(model, join(folder, 'served', `${name}.keras`));
  return { folder, cases };
}

/**
 * An instance that serves the fixtures for protocols and the bundled model, while the tests of a file run.
 * @returns the instance, and what Keras recorded of a tensor
 */
export function useProtocolApp(options: Partial<AppOptions> = {}) {
  const { folder, cases } = protocolModels();
  let app: FastifyInstance | undefined;
  before(async () => {
    app = await buildApp({ model: [join(folder, 'served'), bundledModel], noCache: true, processes: 1, ...options });
    await app.ready();
  });
  after(async () => {
    await app?.close();
    rmSync(folder, { recursive: true });
  });
  const recorded = (model: string, tensor: string) => {
    const { inputs, outputs } = cases.find(({ name }) => name === model)!;
    return decode([...inputs, ...outputs].find(({ name }) => name === tensor)!);
  };
  return { app: () => app!, recorded, types: cases.find(({ name }) => name === 'every_type')!.inputs };
}

/** The name of the model that keras-serve brings along. */
export const bundledName = bundledModel.slice(join(packageRoot, 'models').length + 1);
