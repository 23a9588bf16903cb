/**
 * Compares keras-serve's applications by name with Keras, on weights in the layout of those that Keras publishes:
 *
 *     node --import tsx conformance/published.ts [--python <path>] [--only ResNet50,VGG16]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readApplications } from '../src/catalog/applications/application.js';
import { loadServedModel } from '../src/catalog/served-model.js';
import { decode, difference, type RecordedTensor } from '../test/helpers/fixtures.js';
import { tolerance } from './compare.js';
import { findPython } from './python.js';

/** What Keras answered; see published_weights.py. */
interface Answer {
  /** Layers that are called something else in the file. */
  renamed: number;
  /** How far Keras's own answer moves when the last bit of the input changes. */
  rounding: number;
  pixels: RecordedTensor;
  scores: RecordedTensor;
  top: string[][];
}

/** @returns what is wrong with the answer, if anything is, and how far it is off */
async function compare(name: string, folder: string): Promise<{ said: string; failed: boolean }> {
  const { renamed, rounding, ...answer }: Answer = JSON.parse(readFileSync(join(folder, 'answer.json'), 'utf8'));
  const model = await loadServedModel(name, {
    weights: join(folder, 'weights.h5'),
    cacheFolder: null,
    processes: 1,
    maxBatch: 1,
  });
  try {
    const pixels = decode(answer.pixels).data as Uint8Array;
    const scores = decode(answer.scores);
    const { outputs } = await model.predictImages(pixels);
    const error = difference(Object.values(outputs)[0]!, scores);
    const size = pixels.length / answer.top.length;
    const rows = answer.top.map((_, row) => pixels.subarray(row * size, (row + 1) * size));
    const top = await Promise.all(rows.map((row) => model.classify(row, { topK: 5 })));
    const same = top.every(({ predictions }, row) => predictions[0]!.label === answer.top[row]![0]);
    const failed = !same || !(error <= Math.max(tolerance, rounding));
    return { failed, said: `${failed ? 'DIFFERENT ' : ''}error ${error.toExponential(1)}, ${renamed} layers renamed` };
  } finally {
    await model.close();
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { python: { type: 'string' }, only: { type: 'string' } } });
  const python = await findPython(values.python);
  const only = values.only?.split(',');
  const names = (await readApplications()).map(({ name }) => name).filter((name) => !only || only.includes(name));
  let failures = names.length === 0 || (only && names.length < only.length) ? 1 : 0;
  for (const name of names) {
    const folder = mkdtempSync(join(tmpdir(), 'keras-serve-published-'));
    try {
      await python('published_weights.py', name, folder);
      const { said, failed } = await compare(name, folder);
      if (failed) failures++;
      console.log(`${name}: ${said}`);
    } catch (error) {
      failures++;
      console.log(`${name}: ${(error as Error).message}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return failures > 0 ? 1 : 0;
}

process.exitCode = await main();
