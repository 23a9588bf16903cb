/** What the query says of a reply: whether the model, the reply and the request are such that it can be so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { kindsOf } from '../../src/datapoints/kinds.js';
import { chooseFormat } from '../../src/protocols/predict/formats.js';
import { checkQuery, outputOf, type ReplyQuery, topKOf } from '../../src/protocols/predict/query.js';
import type { ModelInput } from '../../src/serving/model-input.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import { computedModel } from '../helpers/computed-model.js';

const info = (name: string, ...shape: number[]): TensorInfo => ({ name, type: 'float32', shape: [null, ...shape] });
const model = (inputs: TensorInfo[], outputs: TensorInfo[], cards: Record<string, { kind: string }>): ServedModel => {
  const { kinds } = kindsOf({ signature: { inputs, outputs }, hints: null }, { outputs: cards });
  return computedModel(() => ({}), { inputs, outputs, kinds });
};
const photo = info('photo', 4, 4, 3);
const [mask, sort, other] = [info('mask', 4, 4, 1), info('sort', 3), info('other', 2)];
const cards = { mask: { kind: 'mask' }, sort: { kind: 'classes' }, other: { kind: 'classes' } };
const several = model([photo], [mask, sort, other], cards);
const numbers = model([info('x', 2)], [info('y', 1)], { y: { kind: 'number' } });
const refused = (message: string) => ({ code: 'query_invalid', message });

describe('the query', () => {
  it('has as many labels as any output has, at most', () => {
    assert.deepEqual([topKOf(undefined, numbers), topKOf(1, several), topKOf(3, several)], [undefined, 1, 3]);
    assert.throws(() => topKOf(4, several), refused('"top_k" must be <= 3, the number of classes.'));
    assert.throws(() => topKOf(1, numbers), refused('"top_k" is for models that have labels, and this one has none.'));
  });

  it('picks an output that there is', () => {
    assert.deepEqual([outputOf(undefined, several), outputOf('sort', several)], [undefined, sort]);
    const start = '"output" is none of the model\'s outputs.';
    assert.throws(() => outputOf('sorts', several), refused(`${start} Did you mean "sort"?`));
    assert.throws(() => outputOf('nothing like it', several), refused(`${start} There is mask, sort, other.`));
    const many = Array.from({ length: 30 }, (_, index) => info(`output${index}`, 1));
    const listed = many.slice(0, 20).map(({ name }) => name);
    const wide = model([info('x', 2)], many, {});
    assert.throws(() => outputOf('nothing like it', wide), refused(`${start} There is ${listed.join(', ')}.`));
  });

  const formatOf = (accept: string | undefined, of = several) =>
    chooseFormat(accept, { model: of, output: accept === 'text/csv' ? of.outputs[1] : undefined, rows: 1 }).format;
  const files: ModelInput = { photo: { files: [Buffer.of(1)] } };
  const pixels: ModelInput = {
    photo: { tensor: { type: 'float32', shape: [1, 4, 4, 3], data: new Float32Array(48) } },
  };
  const check = (query: Partial<ReplyQuery>, accept?: string, of = several, inputs = [files]) =>
    checkQuery({ topK: undefined, ...query }, formatOf(accept, of), of, inputs);

  it('has labels of JSON, and picks outputs of all else', () => {
    check({});
    check({ topK: 1 });
    check({ output: 'mask' }, 'image/png');
    check({ output: 'sort' }, 'text/csv');
    for (const type of ['image/png', 'text/csv'])
      assert.throws(
        () => check({ topK: 1 }, type),
        refused(`"top_k" is for replies in JSON: ${type} has the likeliest label, or none.`),
      );
    assert.throws(
      () => check({ output: 'mask' }),
      refused('"output" is for replies in image/png and text/csv, which Accept asks for: JSON has all outputs.'),
    );
  });

  it('has the size of images that came as files', () => {
    check({ size: 'input' });
    check({ size: 'input' }, undefined, several, [files, files]);
    check({}, undefined, several, [pixels]);
    for (const inputs of [[pixels], [files, pixels]])
      assert.throws(
        () => check({ size: 'input' }, undefined, several, inputs),
        refused('"size" is for images that are sent as files, and "photo" came as numbers.'),
      );
    assert.throws(
      () => check({ size: 'input' }, undefined, numbers),
      refused('"size" is for models that give a mask or an image, and this one gives none.'),
    );
    const drawing = model([info('x', 2)], [mask], { mask: { kind: 'mask' } });
    assert.throws(
      () => check({ size: 'input' }, undefined, drawing),
      refused('"size" is for models that take an image, and this one takes none.'),
    );
  });
});
