/** A body that is read in a thread beside the server. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { RawBody } from '../../src/protocols/body.js';
import { smallSize, TaskRunner } from '../../src/protocols/task-runner.js';
import type { TensorInfo } from '../../src/support/tensor.js';

describe('a large body', () => {
  const tasks = new TaskRunner();
  after(() => tasks.close());
  const { signal } = new AbortController();
  const info: TensorInfo = { name: 'x', type: 'float32', shape: [null, 2] };
  const read = ({ chunks, size, buffers }: RawBody) =>
    tasks.run(
      'parsePredict',
      { body: chunks, signature: { inputs: [info], outputs: [info] }, takesImages: false },
      size,
      { transfer: buffers, signal },
    );
  const body = () => {
    const bytes = new Uint8Array(Buffer.from('{"instances": [[1, 2]]}'.padEnd(2 * smallSize)));
    return new RawBody([bytes], bytes.length);
  };

  it('can be read once, for its memory goes with it', async () => {
    const once = body();
    await read(once);
    assert.equal(once.chunks[0]!.length, 0);
  });

  it('can be read again and again where it is kept', async () => {
    const { kept } = body();
    const first = await read(kept);
    assert.deepEqual(await read(kept), first);
    assert.equal(kept.chunks[0]!.length, 2 * smallSize);
  });
});
