/** How source code beside a model fills up lists of ids. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ModelCard } from '../../schemas/card.js';
import { paddingsIn } from '../../src/cards/source-padding.js';
import { SourceCode } from '../../src/cards/source-tokens.js';
import { fingerprintOf } from '../../src/catalog/fingerprint.js';
import type { TextSpec } from '../../src/datapoints/kinds/text.js';
import { assumed, copyOf, inferred, linesOf } from '../helpers/side-cards.js';

const paddingsOf = (source: string) => paddingsIn(new SourceCode(source, 'python'));
const call = (said: string) => `x = pad_sequences(tokenizer.texts_to_sequences([text])${said})\n`;

describe('calls of pad_sequences in source code', () => {
  it('say on which sides lists are filled up and cut, and how long they become', () => {
    const said: [source: string, padding: string | undefined, truncating: string | undefined, length?: number][] = [
      [call(''), 'pre', 'pre'],
      [call(', maxlen=20'), 'pre', 'pre', 20],
      [call(", maxlen=20, padding='post'"), 'post', 'pre', 20],
      [call(',\n  padding="post",\n  truncating="post",\n'), 'post', 'post'],
      [`MAX = 20\nside = 'post'\n${call(', maxlen=MAX, padding=side')}`, 'post', 'pre', 20],
      [`MAX = 20\nMAX = 30\n${call(', maxlen=MAX')}`, 'pre', 'pre'],
      [`MAX = 2 * n\n${call(', maxlen=MAX, padding=side')}`, undefined, 'pre'],
      [call(', padding="po" + "st"'), undefined, 'pre'],
      [`y = tf.keras.utils.pad_sequences(f(padding="post"), maxlen=5)`, 'pre', 'pre', 5],
    ];
    for (const [source, padding, truncating, length] of said)
      assert.deepEqual(paddingsOf(source), [{ padding, truncating, length }], source);
  });

  it('are none in comments, texts, imports and definitions', () => {
    for (const source of [
      `# ${call('')}`,
      `"""\n${call('')}"""`,
      'from keras.utils import pad_sequences\n',
      'def pad_sequences(x, padding="post"):\n',
    ])
      assert.deepEqual(paddingsOf(source), [], source);
  });
});

describe('the padding of a text', () => {
  const sidesOf = async (files: Record<string, string>, given?: ModelCard) => {
    const card = await inferred(copyOf('reviews', files), given);
    const said = assumed(card);
    const [padding, truncating] = ['padding', 'truncating'].map(
      (key) => Object.entries(said).find(([name]) => name.endsWith(`.${key}`))?.[1],
    );
    return { padding, truncating, card };
  };

  it('is what source code beside the model does, a guess', async () => {
    const { padding, truncating, card } = await sidesOf({ 'app.py': call(', padding="post", truncating="post"') });
    assert.deepEqual(
      [padding, truncating],
      [
        ['post', 'guess'],
        ['post', 'guess'],
      ],
    );
    assert.ok(linesOf(card).some((line) => line.includes('"post", for app.py calls pad_sequences so (a guess)')));
    const [input] = Object.values(card.kinds.inputs);
    assert.equal((input!.spec as TextSpec).fitting!.padding, 'post');
  });

  it('is Keras’s own side where nothing says otherwise, and nothing is cut then', async () => {
    for (const source of [
      'x = 1\n',
      call(', padding="post"') + call(', padding="pre"'),
      call(', padding="post", maxlen=99999'),
      call(', padding=side'),
    ]) {
      const { padding, truncating } = await sidesOf({ 'app.py': source });
      assert.deepEqual([padding, truncating], [['pre', 'guess'], undefined], source);
    }
  });

  it('is not what the card leaves of it', async () => {
    const { card } = await sidesOf({ 'app.py': call(', padding="post"') });
    const [input] = Object.keys(card.kinds.inputs);
    const given = { inputs: { [input!]: { truncating: 'post' } } } as unknown as ModelCard;
    const { padding, truncating } = await sidesOf({ 'app.py': call(', padding="post"') }, given);
    assert.deepEqual([padding, truncating], [['pre', 'guess'], undefined]);
  });

  it('is followed, whatever has the labels', async () => {
    const path = copyOf('reviews', { 'labels.txt': 'bad\ngood\n', 'app.py': call('') });
    const file = (await inferred(path)) && join(path, 'model.keras');
    const before = await fingerprintOf(file);
    writeFileSync(join(path, 'app.py'), call(', padding="post"'));
    assert.notEqual(await fingerprintOf(file), before);
  });
});
