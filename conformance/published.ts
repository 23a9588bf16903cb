import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadServedModel } from '../src/catalog/served-model.js';
import { decode, difference, type RecordedTensor } from '../test/helpers/fixtures.js';
import { tolerance } from './compare.js';
import type { Python } from './python.js';

/** What came of an application by its name, with weights in the layout of those that Keras publishes. */
export interface PublishedResult {
  name: string;
  /** Layers that are called something else in the file. */
  renamed?: number;
  /** The greatest difference to Keras's probabilities, as a part of the greatest of them. */
  error?: number;
  /** What went wrong. */
  failed?: string;
}

/** What Keras answered; see published_weights.py. */
interface Answer {
  renamed: number;
  /** How far Keras's own answer moves when the last bit of the input changes. */
  rounding: number;
  /** Images as they come out of a decoder. */
  pixels: RecordedTensor;
  scores: RecordedTensor;
  /** What `decode_predictions` says of each image. */
  top: string[][];
}

/** Has Keras 2 write weights and Keras 3 classify images with them, and compares that with what keras-serve makes of both. */
export async function runPublished(name: string, python: Python): Promise<PublishedResult> {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-published-'));
  try {
    await python('published_weights.py', name, folder);
    return { name, ...(await compareByName(name, folder)) };
  } catch (error) {
    // Where things lie on the machine that ran this is nobody's concern.
    return { name, failed: (error as Error).message.replace(/(?:\/[\w.@+-]+)+\//g, '').slice(0, 600) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compareByName(name: string, folder: string): Promise<Omit<PublishedResult, 'name'>> {
  const { renamed, rounding, ...answer }: Answer = JSON.parse(readFileSync(join(folder, 'answer.json'), 'utf8'));
  const weights = join(folder, 'weights.h5');
  const model = await loadServedModel(name, { weights, cacheFolder: null, processes: 1, maxBatch: 1 });
  try {
    const pixels = decode(answer.pixels).data as Uint8Array;
    const { outputs } = await model.predictImages(pixels);
    const error = difference(Object.values(outputs)[0]!, decode(answer.scores));
    const length = pixels.length / answer.top.length;
    const found: string[] = [];
    for (const row of answer.top.keys()) {
      const image = pixels.subarray(row * length, (row + 1) * length);
      found.push((await model.classify(image, { topK: 1 })).predictions[0]!.label);
    }
    const equal = error <= Math.max(tolerance, rounding) && found.every((label, row) => label === answer.top[row]![0]);
    return { renamed, error, ...(!equal && { failed: 'the answers differ' }) };
  } finally {
    await model.close();
  }
}
