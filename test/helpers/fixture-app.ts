import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { decode, type FixtureCase, unpackFamily } from './fixtures.js';

/** What is served: a fixture, called like it unless another is named, with its card and other texts beside it. */
export type ServedFixtures = Record<string, { fixture?: string; card?: object; files?: Record<string, string> }>;

/**
 * An instance that serves some fixtures of a family, each with a card, while the tests of a file run.
 * @returns the instance, and what Keras recorded of a served model's tensor
 */
export function useFixtureApp(family: string, served: ServedFixtures) {
  const { folder, cases } = unpackFamily(family);
  const root = join(folder, 'served');
  const fixtures = new Map<string, FixtureCase>();
  let app: FastifyInstance | undefined;
  before(async () => {
    for (const [name, { fixture = name, card, files = {} }] of Object.entries(served)) {
      const found = cases.find((one) => one.name === fixture)!;
      fixtures.set(name, found);
      mkdirSync(root, { recursive: true });
      cpSync(dirname(found.model), join(root, name), { recursive: true });
      rmSync(join(root, name, 'case.json'));
      if (card) writeFileSync(join(root, name, 'serve.json'), JSON.stringify(card));
      for (const [file, text] of Object.entries(files)) writeFileSync(join(root, name, file), text);
    }
    app = await buildApp({ model: root, processes: 1, noCache: true });
    await app.ready();
  });
  after(async () => {
    await app?.close();
    rmSync(folder, { recursive: true });
  });
  const recorded = (name: string, tensor: string) => {
    const { inputs, outputs } = fixtures.get(name)!;
    return decode([...inputs, ...outputs].find((one) => one.name === tensor)!);
  };
  const outputsOf = (name: string) => fixtures.get(name)!.outputs.map((output) => output.name);
  return { app: () => app!, recorded, outputsOf };
}
