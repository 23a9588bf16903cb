/** What source code says of a model, beside what the model tells itself. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CodeUse } from '../../src/cards/code-offers.js';
import { filesUsedBy, usesOf, withUses } from '../../src/cards/code-uses.js';
import { contentOfSource } from '../../src/cards/source-content.js';
import { findSourceLabels } from '../../src/cards/source-labels.js';
import type { Facts } from '../../src/datapoints/kind.js';
import { type KindCards, kindsOf, type PlaceOf } from '../../src/datapoints/kinds.js';

type Shape = (number | null)[];
const factsOf = (input: Shape, output: Shape, hints: Facts['hints'] = null): Facts => ({
  signature: {
    inputs: [{ name: 'x', type: 'float32', shape: input }],
    outputs: [{ name: 'y', type: 'float32', shape: output }],
  },
  hints,
});
const photo = factsOf([null, 32, 32, 3], [null, 10]);

const place: PlaceOf = (side) => (name) => (key) => `${side}.${name}.${key}`;
const fileOf = (file: string, source: string) => ({ choices: [], ...contentOfSource('python', source), file });
const usesIn = (sources: Record<string, string>, model = 'model.keras', names = [model]): CodeUse[] =>
  usesOf([[{ folder: '', names }, Object.entries(sources).map(([file, source]) => fileOf(file, source))]], model);

/** What is assumed of an image, and of an answer, by code. */
function assumed(facts: Facts, sources: Record<string, string>, cards: KindCards = {}, names?: string[]) {
  const all = Object.entries(sources).map(([file, source]) => fileOf(file, source));
  const resizes = all.flatMap((one) => one.resizes.map((resize) => ({ ...resize, file: one.file })));
  const plain = kindsOf(facts, cards, place);
  const { assumptions, kinds } = withUses(facts, cards, plain, place, {
    uses: usesIn(sources, 'model.keras', names),
    resizes,
    columns: [],
  });
  const said = Object.fromEntries(assumptions.map(({ key, value, certainty }) => [key, [value, certainty]]));
  return { said, kinds, assumptions };
}

const app =
  'm = load_model("model.keras")\nx = cv2.imread(f)\nx = cv2.resize(x, (32, 32))\nx = x / 127.5 - 1\np = m.predict(x)';
const train = 'x = cv2.imread(f)\nx = cv2.resize(x, (32, 32))\nx = x / 255\nm.fit(x, y)\nm.save("model.keras")';

describe('what code does to pictures', () => {
  it('counts where the model says nothing itself, and is shown with its file', () => {
    const { said, assumptions, kinds } = assumed(photo, { 'app.py': app });
    assert.deepEqual(said['inputs.x.scaling'], ['tf', 'guess']);
    assert.deepEqual(said['inputs.x.interpolation'], ['bilinear', 'guess']);
    assert.deepEqual(said['inputs.x.color'], ['bgr', 'guess']);
    const { settings } = kinds.inputs.x!.spec as { settings: Record<string, unknown> };
    assert.deepEqual([settings.scaling, settings.antialias, settings.color], ['tf', false, 'bgr']);
    assert.match(
      assumptions.find(({ key }) => key === 'inputs.x.scaling')!.basis,
      /^app\.py does so before it asks the model$/,
    );
    assert.equal(assumptions.filter(({ key }) => key === 'inputs.x.scaling').length, 1);
  });

  it('counts in training before it counts where the model is asked: likely, where the code names its file', () => {
    const { said } = assumed(photo, { 'app.py': app, 'train.py': train });
    assert.deepEqual(said['inputs.x.scaling'], ['unit', 'likely']);
    assert.deepEqual(
      assumed(photo, { 'train.py': train.replace('\nm.save("model.keras")', '') }).said['inputs.x.scaling'],
      ['unit', 'guess'],
    );
  });

  it('does not count against what is surer, or what a card says', () => {
    const whole = {
      ...photo,
      signature: { ...photo.signature, inputs: [{ ...photo.signature.inputs[0]!, type: 'uint8' as const }] },
    };
    assert.deepEqual(assumed(whole, { 'app.py': app }).said['inputs.x.scaling'], ['none', 'certain']);
    const { said, kinds } = assumed(photo, { 'app.py': app }, { inputs: { x: { scaling: 'torch' } } });
    assert.equal(said['inputs.x.scaling'], undefined);
    assert.equal((kinds.inputs.x!.spec as { settings: { scaling: unknown } }).settings.scaling, 'torch');
  });

  it('counts for nothing where two places differ, sizes are others, or the code is another model’s', () => {
    const usual = ['unit', 'guess'];
    const other = app.replace('127.5 - 1', '255 - 0.5');
    assert.deepEqual(assumed(photo, { 'app.py': app, 'web.py': other }).said['inputs.x.scaling'], usual);
    assert.deepEqual(assumed(photo, { 'app.py': app.replace('(32, 32)', '(64, 64)') }).said['inputs.x.scaling'], usual);
    const strange = app.replace('model.keras', 'other.keras');
    assert.deepEqual(
      assumed(photo, { 'app.py': strange }, {}, ['model.keras', 'other.keras']).said['inputs.x.scaling'],
      usual,
    );
    // Alone there it is called otherwise than where the author has it.
    assert.deepEqual(assumed(photo, { 'app.py': strange }).said['inputs.x.scaling'], ['tf', 'guess']);
  });

  it('keeps grey pictures of 28 × 28 as they are where nothing inverts them', () => {
    const digit = factsOf([null, 28, 28, 1], [null, 10]);
    assert.deepEqual(assumed(digit, {}).said['inputs.x.invert'], ['auto', 'guess']);
    const source = 'x = Image.open(f).convert("L").resize((28, 28))\np = model.predict(np.array(x) / 255)';
    assert.deepEqual(assumed(digit, { 'app.py': source }).said['inputs.x.invert'], [false, 'guess']);
    const inverted = source.replace('np.array(x) / 255', '255 - np.array(x)');
    assert.deepEqual(assumed(digit, { 'app.py': inverted }).said['inputs.x.invert'], ['auto', 'guess']);
  });

  it('is taken of all pictures of the model’s size where its own code has them made already', () => {
    const source = 'x = cv2.imread(f)\nmodel.fit(x, y)';
    const cut = 'y = cv2.resize(cv2.imread(f), (32, 32))\ncv2.imwrite(g, y)';
    assert.deepEqual(assumed(photo, { 'a.py': source, 'b.py': cut }).said['inputs.x.interpolation'], [
      'bilinear',
      'guess',
    ]);
    const nearest = cut.replace('(32, 32)', '(32, 32), interpolation=cv2.INTER_NEAREST');
    assert.deepEqual(assumed(photo, { 'a.py': source, 'b.py': cut, 'c.py': nearest }).said['inputs.x.interpolation'], [
      'bicubic',
      'guess',
    ]);
  });
});

describe('what code does with answers', () => {
  it('makes a picture of what it shows, but of nothing that it compares with a number', () => {
    const facts = factsOf([null, 100], [null, 28, 28, 1]);
    const show = 'p = model.predict(x)\np = p * 255\nplt.imshow(p[0])';
    assert.equal(assumed(facts, {}).kinds.outputs.y!.kind, 'tensor');
    assert.deepEqual(assumed(facts, { 'a.py': show }).said['outputs.y.kind'], ['image', 'guess']);
    assert.equal(assumed(facts, { 'a.py': `${show}\nm = p > 0.5` }).kinds.outputs.y!.kind, 'tensor');
    // Nothing says how its numbers become pixels.
    assert.equal(assumed(facts, { 'a.py': show.replace('p = p * 255\n', '') }).kinds.outputs.y!.kind, 'tensor');
  });

  it('has a unit, and names', () => {
    const cards = { outputs: { y: { kind: 'number' } } };
    const one = factsOf([null, 3], [null, 1]);
    const source = 'p = model.predict(x)\nprint(f"₹ {p[0][0]}")';
    assert.deepEqual(assumed(one, { 'a.py': source }, cards).said['outputs.y.unit'], ['₹', 'guess']);
    const differs = source.replace('₹', '$');
    assert.equal(assumed(one, { 'a.py': source, 'b.py': differs }, cards).said['outputs.y.unit'], undefined);
    const two = factsOf([null, 3], [null, 2]);
    const names = 'p = model.predict(x)\nheight = p[0, 0]\nspeed = p[0, 1]';
    assert.deepEqual(assumed(two, { 'a.py': names }, cards).said['outputs.y.names'], [['height', 'speed'], 'guess']);
  });
});

describe('code beside several models', () => {
  const source =
    'a = load_model("a.keras")\nb = load_model("b.keras")\nscaler = joblib.load("s.pkl")\nback = joblib.load("t.pkl")\np = a.predict(scaler.transform(x))\nq = back.inverse_transform(b.predict(x))';
  const names = ['a.keras', 'b.keras'];

  it('says whose the files are', () => {
    const of = (model: string) => filesUsedBy(usesIn({ 'app.py': source }, model, names));
    assert.deepEqual([[...of('a.keras').inputs], [...of('a.keras').outputs]], [[['s.pkl', 'app.py']], []]);
    assert.deepEqual([[...of('b.keras').inputs], [...of('b.keras').outputs]], [[], [['t.pkl', 'app.py']]]);
    assert.deepEqual(usesIn({ 'app.py': 'p = model.predict(x)' }, 'a.keras', names), []);
  });

  it('has the texts that it chooses between by each one’s answer', () => {
    const asked =
      'p = a.predict(x)\nprint("Spam" if p > 0.5 else "Ham")\np = b.predict(x)\nprint("Yes" if p > 0.5 else "No")';
    const whole = `a = load_model("a.keras")\nb = load_model("b.keras")\n${asked}`;
    const choices = [
      { name: 'what is written', texts: ['Ham', 'Spam'], line: 3, threshold: 0.5 },
      { name: 'what is written', texts: ['No', 'Yes'], line: 5, threshold: 0.5 },
    ];
    const labels = (model: string) => findSourceLabels([{ ...fileOf('app.py', whole), choices }], names, 2, model);
    assert.deepEqual((labels('a.keras') as { labels: string[] }).labels, ['Ham', 'Spam']);
    assert.deepEqual((labels('b.keras') as { labels: string[] }).labels, ['No', 'Yes']);
    assert.equal(labels('c.keras'), undefined);
  });
});
