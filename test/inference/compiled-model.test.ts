import assert from 'node:assert/strict';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { compileModelFile } from '../../src/inference/compiled-model.js';
import { temporaryFolder } from '../helpers/folder.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { dense, sequential, writeArchive } from '../keras/files.js';

describe('the compiled model in the cache', () => {
  it('is another for another input shape', async () => {
    const path = await writeArchive(join(temporaryFolder(), 'unbuilt.keras'), sequential(dense('dense', 3)));
    const cache = temporaryFolder();
    for (const inputShape of [[2], [7, 2], [2]]) {
      const { signature, dispose } = await compileModelFile({ path, inputShape }, cache);
      assert.deepEqual(signature.inputs[0]!.shape, [null, ...inputShape]);
      await dispose();
    }
  });

  it('is another for other weights beside an ONNX model', async () => {
    const model = doublingModel();
    const cache = temporaryFolder();
    const compiled = async (weights: string) => {
      await writeFile(`${model}.data`, weights);
      return (await compileModelFile({ path: model }, cache)).path;
    };
    const [first, second, again] = [await compiled('a'), await compiled('b'), await compiled('a')];
    assert.notEqual(first, second);
    assert.equal(again, first);
    await rm(dirname(model), { recursive: true });
  });

  it('is another where a vocabulary beside the model has another name: which layer it is for goes by that', async () => {
    const folder = temporaryFolder();
    const path = await writeArchive(join(folder, 'words.keras'), sequential(dense('dense', 3)));
    const cache = temporaryFolder();
    const compiled = async () => (await compileModelFile({ path, inputShape: [2] }, cache)).path;
    await writeFile(join(folder, 'other_vocab.txt'), 'a');
    const first = await compiled();
    await rename(join(folder, 'other_vocab.txt'), join(folder, 'dense.vocabulary.txt'));
    assert.notEqual(await compiled(), first);
  });
});
