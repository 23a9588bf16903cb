import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { bundledModel } from './app.js';
import { type FixtureCase, unpackFamily } from './fixtures.js';
import type { Document } from './openapi.js';

/** The fixtures that are served, by family. */
const fixtures: Record<string, string[]> = {
  models: [
    'sequential',
    'sequential_input_shape',
    'sequential_fixed_batch',
    'functional_siamese',
    'functional_several_inputs',
    'functional_several_outputs',
    'functional_same_output_twice',
    'functional_dicts',
    'functional_odd_names',
    'functional_u_net',
    'functional_fully_convolutional',
  ],
  protocols: ['half_plus_two', 'every_type', 'two_inputs'],
  core: ['dense_exponential', 'dense_softmax'],
};

/** Models whose scores have labels: their cases, with the labels. */
export const labelled: Record<string, [source: string, labels: string[]]> = {
  'iris-labels': ['sequential_input_shape', ['setosa', 'versicolor', 'virginica']],
  'two-labels': ['functional_siamese', ['no', 'yes']],
  unsure: ['dense_softmax', ['a', 'b', 'c', 'd']],
};

/** The columns of the table that the model `people` takes. */
export const columns = ['age', 'income', 'height', 'weight', 'debts', 'children'];

/** An instance that serves models of many kinds: `half_plus_two` by default, and the bundled one. */
export interface ManyModels {
  app: FastifyInstance;
  /** Its OpenAPI document. */
  document: Document;
  /** What Keras recorded of the models, by name. */
  cases: ReadonlyMap<string, FixtureCase>;
  /** A folder for what a test writes. */
  folder: string;
}

/** The instance, while the tests of a file run. */
export function useManyModels(): () => ManyModels {
  const unpacked = Object.keys(fixtures).map(unpackFamily);
  const folder = unpacked[0]!.folder;
  const cases = new Map(
    unpacked
      .flatMap(({ cases }) => cases)
      .filter(({ family, name }) => fixtures[family]!.includes(name))
      .map((one) => [one.name, one] as const),
  );
  let models: ManyModels;
  before(async () => {
    const served = join(folder, 'served');
    mkdirSync(served);
    for (const { name, model } of cases.values()) copyFileSync(model, join(served, `${name}.keras`));
    for (const [name, [source, labels]] of Object.entries(labelled)) {
      mkdirSync(join(served, name));
      copyFileSync(cases.get(source)!.model, join(served, name, 'model.keras'));
      writeFileSync(join(served, name, 'serve.json'), JSON.stringify({ labels }));
    }
    mkdirSync(join(served, 'people'));
    copyFileSync(cases.get('sequential')!.model, join(served, 'people', 'model.keras'));
    const table = { columns: columns.map((name) => ({ name, offset: 5, scale: 2 })) };
    writeFileSync(join(served, 'people', 'serve.json'), JSON.stringify({ inputs: { input_layer: table } }));
    const model = [served, bundledModel];
    const app = await buildApp({ model, defaultModel: 'half_plus_two', processes: 1, noCache: true });
    await app.ready();
    models = { app, document: (await app.inject('/openapi.json')).json(), cases, folder };
  });
  after(async () => {
    await models?.app.close();
    for (const { folder } of unpacked) rmSync(folder, { recursive: true });
  });
  return () => models;
}
