/** However many processes run a model, its weights are in memory once. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { temporaryFolder } from '../helpers/folder.js';
import { heavyModel } from '../helpers/onnx-models.js';
import { inferenceProcesses, ownMemory, untilIdle } from '../helpers/proc.js';

const matrices = 8;
/** Bytes that a process takes without weights, with room. */
const withoutWeights = 60 * 2 ** 20;

it('weights are mapped by every process as the kernels want them', {
  skip: process.platform !== 'linux' && 'only Linux says what memory is a process’s own',
}, async () => {
  const model = await loadServedModel(heavyModel(matrices), { cacheFolder: temporaryFolder(), processes: 2 });
  try {
    const rows = { type: 'float32' as const, shape: [1, 2048], data: new Float32Array(2048).fill(3) };
    const answers = await Promise.all([1, 2, 3, 4].map(() => model.predict({ x: rows })));
    for (const { outputs } of answers) assert.deepEqual([...outputs.y!.data], [6144, 6144]);
    await untilIdle(process.pid);
    const own = inferenceProcesses(process.pid).map(ownMemory);
    assert.equal(own.length, 2);
    for (const bytes of own) assert.ok(bytes < withoutWeights, `${bytes} of ${matrices * 16} MB`);
  } finally {
    await model.close();
  }
});
