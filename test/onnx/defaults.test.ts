/** What a file leaves out of a layer's config is what Keras takes there: the compiled model is the same with and without it. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Config, type ConfigValue, type Graph, type Layer, readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { type FixtureCase, families, unpackFamily } from '../helpers/fixtures.js';

/** Keras's own, by class. */
const defaults: Record<string, Config> = JSON.parse(
  readFileSync(new URL('../fixtures/defaults/defaults.json', import.meta.url), 'utf8'),
);

/** Keras keeps a size for each axis where it was given one for all. */
const isDefault = (value: ConfigValue, fallback: ConfigValue): boolean =>
  isDeepStrictEqual(value, fallback) ||
  (Array.isArray(value) && value.length > 0 && value.every((one) => one === fallback));

/** Takes what Keras would take anyway out of the configs of layers, and of those in them. @returns what that was, by class */
function leaveOut(layers: Iterable<Layer>, seen = new Set<Layer>()): string[] {
  const left: string[] = [];
  for (const layer of layers) {
    if (seen.has(layer)) continue;
    seen.add(layer);
    const { className, config } = layer;
    for (const [key, fallback] of Object.entries(defaults[className] ?? {}))
      if (Object.hasOwn(config, key) && isDefault(config[key]!, fallback)) {
        delete config[key];
        left.push(`${className}.${key}`);
      }
    left.push(...leaveOut([...Object.values(layer.layers), ...layersOf(layer.graph)], seen));
  }
  return left;
}

const layersOf = (graph: Graph | undefined): Layer[] => graph?.calls.map(({ layer }) => layer) ?? [];

const read = ({ model, weights }: FixtureCase) => readKerasModel(model, { weights });

for (const family of process.env.FIXTURES?.split(',') ?? families)
  describe(`defaults: ${family}`, () => {
    const { folder, cases } = unpackFamily(family);
    after(() => rmSync(folder, { recursive: true }));
    for (const fixture of cases.filter(({ keras, refused }) => keras.startsWith('3.15.') && !refused))
      it(fixture.name, async () => {
        const given = compile(await read(fixture)).bytes.toBuffer();
        const model = await read(fixture);
        const left = leaveOut(layersOf(model.graph));
        assert.ok(compile(model).bytes.toBuffer().equals(given), `another model without ${left.join(', ')}`);
      });
  });
