/** Files that a card names: below the model's folder, whatever the name is. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { cast } from '../../src/onnx/operators/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { bytesOfCase, pickleCases } from '../helpers/pickles.js';

const root = temporaryFolder('card-files');
const folder = join(root, 'model');
mkdirSync(join(folder, 'below'), { recursive: true });
const graph = new GraphBuilder();
graph.output('y', cast(graph.input('x', 'float64', [null, 3]), 'float32'));
writeFileSync(join(folder, 'model.onnx'), encodeOnnx(graph).toBuffer());
const scaler = [...pickleCases.values()].flat().find(({ name }) => name === 'StandardScaler')!;
writeFileSync(join(root, 'scaler.pkl'), bytesOfCase(scaler));
copyFileSync(join(root, 'scaler.pkl'), join(folder, 'below', 'scaler.pkl'));

async function load(transform: string): Promise<void> {
  writeFileSync(join(folder, 'serve.json'), JSON.stringify({ inputs: { x: { transform } } }));
  const model = await loadServedModel(join(folder, 'model.onnx'), { processes: 1, cacheFolder: null });
  await model.close();
}

describe('a file that a card names', () => {
  it('is read below the folder of the model', () => load('below/scaler.pkl'));

  for (const name of ['../scaler.pkl', 'below/../../scaler.pkl', join(root, 'scaler.pkl'), '/dev/zero', '..'])
    it(`is refused where it is elsewhere: ${name.replace(root, '/root')}`, async () => {
      await assert.rejects(load(name), { name: 'CardError', message: /isn't below the model's folder\.$/ });
    });
});
