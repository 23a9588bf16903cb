import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildApp } from '../../src/app.js';
import { announcement } from '../../src/commands/announcement.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { type Dimension, GraphBuilder } from '../../src/onnx/graph.js';
import { add, mul, reduceMean } from '../../src/onnx/operators/index.js';
import { run } from '../helpers/run.js';

type Inputs = Record<string, Dimension[]>;

/** Models by what is special about their inputs, whether a line can be pasted, and how many numbers the example has. */
const models: Record<string, [inputs: Inputs, isPasted: boolean, numbers: number]> = {
  'one row of numbers': [{ x: [null, 3] }, true, 3],
  'an axis of any size': [{ x: [null, null] }, true, 16],
  'many axes of any size': [{ x: [null, null, null, 64] }, false, 64 * 8 * 8],
  'names with quotes and spaces': [{ "it's": [null, 2], 'a "b" $c': [null, 2] }, true, 4],
  'more inputs than two hands have fingers': [
    Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`column_${index}`, [null, 1]])),
    true,
    13,
  ],
  'a photo': [{ image: [null, 32, 32, 3] }, true, 0],
  'more numbers than can be read': [{ a: [null, 100, 100, 5], b: [null, 100, 100, 5] }, false, 0],
};

function write(folder: string, inputs: Inputs): string {
  const graph = new GraphBuilder();
  const values = Object.entries(inputs).map(([name, shape]) => mul(graph.input(name, 'float32', shape), 2));
  const sum = values.reduce((sum, value) => add(sum, value));
  graph.output('y', 'image' in inputs ? reduceMean(sum, [1, 2]) : sum);
  const path = join(folder, 'tried.onnx');
  writeFileSync(path, encodeOnnx(graph).toBuffer());
  return path;
}

const numbersIn = (value: unknown): number =>
  typeof value === 'number'
    ? 1
    : typeof value === 'object' && value !== null
      ? Object.values(value).reduce((sum, one) => sum + numbersIn(one), 0)
      : 0;

describe('what a start shows on a terminal', () => {
  for (const [name, [inputs, isPasted, numbers]] of Object.entries(models))
    it(`works when it is pasted, and so do the examples in the documents: ${name}`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'keras-serve-announcement-'));
      t.after(() => rmSync(folder, { recursive: true }));
      const app = await buildApp({ model: write(folder, inputs), processes: 1, noCache: true });
      t.after(() => app.close());
      const url = await app.listen({ port: 0, host: '127.0.0.1' });

      const text = announcement(kerasServeOf(app).catalog, { url });
      const [, command] = /^ {4}Predict {3}(curl .*)$/m.exec(text) ?? [];
      assert.equal(command !== undefined, isPasted, text);
      assert.ok(text.includes(`${url}/docs`));
      if (command) {
        assert.doesNotMatch(command, /…|<|dog\.jpg/);
        const { stdout, stderr } = await run('sh', ['-c', `${command} --silent --show-error`]);
        assert.equal(JSON.parse(stdout).success, true, stdout + stderr);
      }

      const { example } = (await app.inject('/models/tried')).json();
      const document = (await app.inject('/openapi.json')).json();
      const { description, requestBody } = document.paths['/models/tried/predict'].post;
      assert.deepEqual(requestBody.content['application/json'].example, example);
      const named = 'image' in inputs ? [] : Object.keys(inputs);
      for (const input of named) assert.ok(description.includes(JSON.stringify(input)), input);
      assert.equal(numbersIn(example), numbers);
      if (!example) return;
      assert.doesNotMatch(JSON.stringify(example), /\[\]/);
      const reply = await app.inject({ method: 'POST', url: '/predict', payload: example });
      assert.equal(reply.statusCode, 200, reply.payload.slice(0, 300));
    });
});
