/** A model whose rows depend on each other answers every request as if it were alone. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, it } from 'node:test';
import { loadServedModel } from '../../src/catalog/served-model.js';
import type { Tensors } from '../../src/support/tensor.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { numbers } from '../helpers/layer-model.js';

const { folder, cases } = unpackFamily('spectrogram');
after(() => rmSync(folder, { recursive: true }));

it('requests for decibels below the loudest of a batch are not put together', async () => {
  const { model: file } = cases.find(({ name }) => name === 'mel_spectrogram_decibels')!;
  const batches: number[] = [];
  const model = await loadServedModel(file, { cacheFolder: null, processes: 1 });
  try {
    model.events.on('batch', (rows) => batches.push(rows));
    const { name } = model.inputs[0]!;
    const sound = (loudness: number): Tensors => ({
      [name]: { type: 'float32', shape: [1, 64], data: numbers(64, loudness).map((value) => value * loudness) },
    });
    const answer = async (loudness: number) => {
      const { outputs } = await model.predict(sound(loudness));
      return Object.values(outputs)[0]!.data;
    };
    const sounds = [1e5, 1, 2, 3e5, 5];
    const alone = [];
    for (const loudness of sounds) alone.push(await answer(loudness));
    assert.deepEqual(await Promise.all(sounds.map(answer)), alone);
    assert.deepEqual(batches, Array(10).fill(1));
  } finally {
    await model.close();
  }
});
