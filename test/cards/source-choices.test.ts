/** Texts between which source code beside a model chooses by a prediction. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ModelCard } from '../../schemas/card.js';
import { choicesIn } from '../../src/cards/source-choices.js';
import { SourceCode } from '../../src/cards/source-tokens.js';
import { temporaryFolder } from '../helpers/folder.js';
import { assumed, copyOf, inferred, warnings } from '../helpers/side-cards.js';
import { sourceLabelsIn } from '../helpers/source-labels.js';

const predicted = 'prediction = model.predict(x)\n';
const python = (source: string, width = 1) => choicesIn(new SourceCode(predicted + source, 'python'), width);
const javascript = (source: string, width = 1) =>
  choicesIn(new SourceCode(`const prediction = await model.predict(x);\n${source}`, 'javascript'), width);
const textsOf = (choices: { texts: string[] }[]) => choices.map(({ texts }) => texts);
const spam = [['Ham', 'Spam']];

describe('choices by a prediction in source code', () => {
  it('are conditional expressions', () => {
    for (const source of [
      'label = "Spam" if prediction > 0.5 else "Ham"',
      'label = "Spam" if prediction[0][0] >= .5 else "Ham"  # which is it?',
      'label = ("Spam" if (prediction[0] > 0.5) else "Ham")',
      'label = "Ham" if prediction < 0.5 else "Spam"',
      'label = "Spam" if float(model.predict(x)[0][0]) > 0.5 else "Ham"',
      'label = "Spam" if np.round(prediction) == 1 else "Ham"',
      'answer = {"label": "Spam" if prediction > 0.5 else "Ham"}',
      'st.metric("Answer", "Spam" if prediction > 0.5 else "Ham")',
      'x = model.predict(y)\nprint("Spam" if x[0] > 0.5 else "Ham")',
      'is_spam = prediction > 0.5\nlabel = "Spam" if is_spam else "Ham"',
      'flag = int(prediction[0][0] > 0.5)\nlabel = "Spam" if flag == 1 else "Ham"',
      'label = np.where(prediction > 0.5, "Spam", "Ham")',
      'st.write("Result: Spam" if prediction > 0.5 else "Result: Ham")',
      'st.write(f"**Spam** ({prediction:.2f})" if prediction > 0.5 else f"**Ham** ({1 - prediction:.2f})")',
      'label = "🚫 Spam!" if prediction > 0.5 else "✅ Ham"',
    ])
      assert.deepEqual(textsOf(python(source)), spam, source);
    for (const source of [
      'const label = prediction > 0.5 ? "Spam" : "Ham";',
      "const label = (prediction[0] < 0.5) ? 'Ham' : 'Spam'",
      'show({ label: prediction[0] >= 0.5 ? `Spam` : `Ham` })',
      '<p>{prediction > 0.5 ? "Spam" : "Ham"}</p>',
    ])
      assert.deepEqual(textsOf(javascript(source)), spam, source);
  });

  it('are blocks of which each writes, assigns or returns one', () => {
    for (const source of [
      'if prediction > 0.5:\n    result = "Spam"\nelse:\n    result = "Ham"',
      'if prediction > 0.5: result = "Spam"\nelse: result = "Ham"',
      'if (prediction[0][0] >= 0.5):\n\tst.error("Spam!")\nelse:\n\tst.success("Ham!")',
      'if prediction > 0.5:\n  color = "red"\n  st.write(\n    "Sp"\n    "am"\n  )\nelse:\n  color = "green"\n  st.write("Ham")',
      'if prediction > 0.5:\n  label, color = "Spam", "red"\nelse:\n  label, color = "Ham", "green"',
      'def f():\n  if prediction > 0.5:\n    return "Spam", 1\n  return "Ham", 0',
      'def f():\n  if prediction > 0.5:\n    return {"label": "Spam"}\n  else:\n    return {"label": "Ham"}',
      'if prediction == 0:\n  label = "Ham"\nelif prediction == 1:\n  label = "Spam"',
      'if prediction == 0:\n  print("Ham")\nif prediction == 1:\n  print("Spam")',
      'if prediction > 0.5:\n  print("Spam")\nelif prediction < 0.5:\n  print("Ham")'.replace('< 0.5', '<= 0.5'),
      'if prediction > 0.5:\n  st.write(f"<b class={a}>Spam. Probability: {p}</b>")\nelse:\n  st.write(f"<b>Ham. Probability: {p}</b>")',
    ])
      assert.deepEqual(textsOf(python(source)), spam, source);
    for (const source of [
      'if (prediction > 0.5) {\n  label = "Spam";\n} else {\n  label = "Ham";\n}',
      'if (prediction > 0.5) return "Spam"; else return "Ham";',
      'function f() { if (prediction > 0.5) { return "Spam"; } return "Ham"; }',
      'if (prediction > 0.5) { out.textContent = "Spam" } else { out.textContent = "Ham" }',
    ])
      assert.deepEqual(textsOf(javascript(source)), spam, source);
  });

  it('are those of several classes by their numbers', () => {
    const classes = [['cat', 'dog', 'mug']];
    const chain = (last: string) =>
      `i = np.argmax(prediction)\nif i == 1:\n  label = "dog"\nelif i == 0:\n  label = "cat"\n${last}:\n  label = "mug"`;
    assert.deepEqual(textsOf(python(chain('elif i == 2'), 3)), classes);
    assert.deepEqual(textsOf(python(chain('else'), 3)), classes);
    assert.deepEqual(python(chain('elif i == 3'), 3), []);
    assert.deepEqual(python(chain('else'), 4), []);
    const code = 'if (i === 0) { s = "cat"; } else if (i === 1) { s = "dog"; } else { s = "mug"; }';
    assert.deepEqual(textsOf(javascript(`const i = argMax(prediction);\n${code}`, 3)), classes);
  });

  it('are of the class whose number is compared, where the model answers with two', () => {
    const choose = (place: string) => `label = "Spam" if prediction${place} > 0.5 else "Ham"`;
    assert.deepEqual(textsOf(python(choose('[0][1]'), 2)), [['Ham', 'Spam']]);
    assert.deepEqual(textsOf(python(choose('[0, 0]'), 2)), [['Spam', 'Ham']]);
    for (const place of ['', '[0]', '[1]', '[0][i]']) assert.deepEqual(python(choose(place), 2), [], place);
    for (const place of ['[0][1]', '[1]']) assert.deepEqual(python(choose(place), 1), [], place);
  });

  it('have the threshold that is written, or that a name has', () => {
    const thresholdOf = (source: string) => python(source).map(({ threshold }) => threshold);
    assert.deepEqual(thresholdOf('label = "Spam" if prediction > 0.35 else "Ham"'), [0.35]);
    const named = 'label = "Spam" if prediction > THRESHOLD else "Ham"';
    assert.deepEqual(thresholdOf(`THRESHOLD = 0.4\n${named}`), [0.4]);
    assert.deepEqual(thresholdOf(`THRESHOLD = 0.4\nTHRESHOLD = 0.6\n${named}`), [undefined]);
    assert.deepEqual(thresholdOf(`THRESHOLD = st.slider(0.1, 0.9)\n${named}`), [undefined]);
    assert.deepEqual(thresholdOf('label = "Spam" if prediction == 1 else "Ham"'), [undefined]);
  });

  it('are what stands before a stop, where that is no sentence', () => {
    const source = 'if prediction > 0.5:\n  x = "Spam. Delete it at once."\nelse:\n  x = "No spam."';
    assert.deepEqual(
      python(source).map(({ texts }) => texts),
      [['No spam', 'Spam']],
    );
  });

  it('are nothing else', () => {
    for (const source of [
      'label = "Male" if gender == 1 else "Female"',
      'level = "High" if confidence > 0.8 else "Low"',
      'label = "Spam" if 1 - prediction > 0.5 else "Ham"',
      'label = "Spam" if prediction - 1 > 0.5 else "Ham"',
      'label = "Spam" if not prediction > 0.5 else "Ham"',
      'label = "Spam" if prediction > 0.5 and x else "Ham"',
      'label = "Spam" if prediction > 0.5 + y else "Ham"',
      'label = "Spam" if prediction > 7 else "Ham"',
      'label = "High" if prediction > 0.7 else "Medium" if prediction > 0.3 else "Low"',
      'label = "a " + "Spam" if prediction > 0.5 else "Ham"',
      'label = "Spam" if prediction > 0.5 else "Ham" + x',
      'label = f"{x} Spam" if prediction > 0.5 else f"{x} Ham"',
      'label = f"Spam {x}" if prediction > 0.5 else f"Ham {x}"',
      'color = "tomato" if prediction > 0.5 else "olive"',
      'x = "red" if prediction > 0.5 else "green"',
      'x = "#ff0000" if prediction > 0.5 else "#00ff00"',
      'page = "spam.html" if prediction > 0.5 else "ham.html"',
      'x = "✅" if prediction > 0.5 else "❌"',
      'x = "same" if prediction > 0.5 else "Same"',
      '# label = "Spam" if prediction > 0.5 else "Ham"',
      'x = """\nlabel = "Spam" if prediction > 0.5 else "Ham"\n"""',
      'if prediction > 0.7:\n  x = "High"\nelif prediction > 0.3:\n  x = "Medium"\nelse:\n  x = "Low"',
      'if prediction > 0.5:\n  x = "Spam"\nelse:\n  y = "Ham"',
      'if prediction > 0.5:\n  x = "Spam"',
      'if prediction > 0.5:\n  for a in b:\n    print("Spam")\nelse:\n  print("Ham")',
      'if prediction > 0.5:\n  x = "It is. Ask a doctor about it"\nelse:\n  x = "It is not. All is well"',
    ])
      assert.deepEqual(python(source), [], source);
    for (const source of [
      'const s = p > 0.7 ? "High" : prediction > 0.3 ? "Medium" : "Low";',
      '// const s = prediction > 0.5 ? "Spam" : "Ham";',
      'const s = prediction > 0.5 ? "Spam" + x : "Ham";',
      '<p className={prediction > 0.5 ? "bad" : "good"}>',
      'el.className = prediction > 0.5 ? "bad one" : "good one";',
    ])
      assert.deepEqual(javascript(source), [], source);
    assert.deepEqual(
      choicesIn(new SourceCode('label = "Spam" if p > 0.5 else "Ham"', 'python'), 1),
      [],
      'nothing predicts',
    );
  });

  it('are read of any text, in no more than a moment', () => {
    const words = [
      'if ',
      'else',
      'elif ',
      ':',
      '\n',
      '  ',
      'p',
      '>',
      '==',
      '0.5',
      '1',
      '"a"',
      'f"{',
      '(',
      ')',
      '[',
      ']',
    ];
    const more = ['{', '}', '?', ',', '=', '.', "'", '`', '"""', '\\', 'return ', '#', '//', 'where', 'x = predict()'];
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...words, ...more) }), (source) => {
        for (const width of [1, 2, 3]) {
          python(source, width);
          javascript(source, width);
        }
      }),
    );
    for (const hard of [
      ...words,
      ...more,
      '"\\',
      "'''",
      '/* ',
      'if p > 0.5:\n ',
      'p[',
      'p)',
      'if (p > 0.5) {',
      'p > 0.5 ? "a" : ',
    ])
      for (const read of [python, javascript]) read(hard.repeat(250_000 / hard.length));
  });
});

describe('labels that source code chooses between', () => {
  const find = (files: Record<string, string>, classes = 2, width = 1) => {
    const folder = temporaryFolder('source-choices');
    for (const [file, text] of Object.entries(files)) writeFileSync(`${folder}/${file}`, text);
    return sourceLabelsIn(folder, classes, width);
  };
  const choose = (no: string, yes: string, by = '0.5', name = 'label') =>
    `${predicted}${name} = "${yes}" if prediction > ${by} else "${no}"\n`;

  it('are names rather than sentences, and sentences where nothing shorter stands there', async () => {
    const long = choose('The customer is not likely to churn.', 'The customer is likely to churn.', '0.5', 'message');
    const found = await find({ 'app.py': long });
    assert.deepEqual(found, {
      labels: ['The customer is not likely to churn', 'The customer is likely to churn'],
      where: 'message in app.py',
      basis: 'the code chooses between them by a prediction, and nothing shorter stands there',
      threshold: 0.5,
    });
    const both = await find({ 'app.py': long + choose('Stays', 'Churns', '0.5', 'x') });
    assert.deepEqual(both && 'labels' in both && both.labels, ['Stays', 'Churns']);
    const short = choose('The email is not spam', 'The email is spam', '0.3', 'message');
    const encoded = await find({ 'app.py': `${short}df["label"].map({"ham": 0, "spam": 1})\n` });
    assert.ok(encoded && 'labels' in encoded);
    assert.deepEqual([encoded.labels, encoded.threshold], [['ham', 'spam'], 0.3]);
    const alone = await find({ 'app.py': short });
    assert.deepEqual(alone && 'labels' in alone && alone.labels, ['The email is not spam', 'The email is spam']);
  });

  it('are rather those than two texts in a list', async () => {
    const list = 'labels = ["Legitimate", "Fraudulent"]\n';
    const found = await find({ 'app.py': list + choose('Safe', 'Fraud', '0.5', 'x') });
    assert.deepEqual(found && 'labels' in found && found.labels, ['Safe', 'Fraud']);
  });

  it('are none where there are several, which is said', async () => {
    const found = await find({ 'a.py': choose('Ham', 'Spam'), 'b.py': choose('No Tumor', 'Tumor') });
    assert.deepEqual(found, { unclear: '"Ham" and "Spam" (label in a.py) and "No Tumor" and "Tumor" (label in b.py)' });
    const turned = await find({ 'a.py': choose('Ham', 'Spam'), 'b.py': choose('Spam', 'Ham') });
    assert.ok(turned && 'unclear' in turned);
    const same = await find({ 'a.py': choose('Ham', 'Spam'), 'b.py': choose('HAM', 'SPAM') });
    assert.deepEqual(same && 'labels' in same && same.labels, ['Ham', 'Spam']);
  });

  it('have no threshold where there are several', async () => {
    const thresholdOf = async (...by: string[]) => {
      const found = await find({ 'a.py': by.map((one) => choose('Ham', 'Spam', one)).join('') });
      return found && 'labels' in found ? found.threshold : 'none found';
    };
    assert.equal(await thresholdOf('0.3'), 0.3);
    assert.equal(await thresholdOf('0.3', '0.4'), undefined);
  });

  it('are looked for in so much code as can be read in a moment', async () => {
    const source = choose('Ham', 'Spam');
    assert.ok(await find({ 'a.py': `${source}#${'x'.repeat(250_000)}` }));
    assert.equal(await find({ 'a.py': `${source}#${'x'.repeat(300_000)}` }), undefined);
  });

  it('are none where several models lie there, nor of a mask', async () => {
    const files = { 'app.py': choose('Ham', 'Spam'), 'a.h5': '' };
    assert.ok(await find(files));
    assert.equal(await find({ ...files, 'b.h5': '' }), undefined);
    assert.ok(await find({ ...files, 'a.keras': '' }));
    const folder = temporaryFolder('source-choices');
    writeFileSync(`${folder}/app.py`, files['app.py']);
    assert.equal(await sourceLabelsIn(folder, 2), undefined);
  });

  it('are those of a list of which one is taken where it stands, whatever it is called', async () => {
    const labelsOf = async (source: string, classes = 3) => {
      const found = await find({ 'app.py': source }, classes, classes);
      return found && 'labels' in found ? found.labels : found;
    };
    const names = ['cat', 'dog', 'mug'];
    const list = JSON.stringify(names);
    for (const source of [
      `kind = ${list}[predicted_class]`,
      `return ${list}[np.argmax(prediction)]`,
      `print({0: "cat", 1: "dog", 2: "mug"}[int(prediction[0])])`,
    ])
      assert.deepEqual(await labelsOf(source), names, source);
    assert.deepEqual(await labelsOf('return ["cat", "dog"][int(p[0] > 0.5)]  # prediction', 2), undefined);
    assert.deepEqual(await labelsOf('return ["cat", "dog"][int(prediction[0] > 0.5)]', 2), ['cat', 'dog']);
    for (const source of [`return ${list}[0]`, `return ${list}[::-1]`, `return ${list}[prediction:]`, `return ${list}`])
      assert.equal(await labelsOf(source), undefined, source);
  });

  it('are guesses of the model, with the threshold', async () => {
    const path = copyOf('churn', { 'app.py': choose('Stays', 'Churns', '0.3') });
    const card = assumed(await inferred(path));
    assert.deepEqual(card['outputs.y.labels'], [['Stays', 'Churns'], 'guess']);
    assert.deepEqual(card['outputs.y.threshold'], [0.3, 'guess']);
    const said = assumed(await inferred(path, { outputs: { y: { labels: ['a', 'b'] } } } as ModelCard));
    assert.deepEqual(said['outputs.y.threshold'], [0.5, 'likely']);
  });

  it('are told of where they differ', async () => {
    const path = copyOf('churn', { 'app.py': choose('Stays', 'Churns') + choose('No', 'Yes') });
    const card = await inferred(path);
    assert.deepEqual(assumed(card)['outputs.y.labels'], [null, 'guess']);
    assert.ok(
      warnings(card).includes(
        'warn source code beside the model has "Stays" and "Churns" (label in app.py) and "No" and "Yes" (label in app.py), and nothing says which are the answer\'s: none are used; set labels in serve.json',
      ),
    );
  });
});
