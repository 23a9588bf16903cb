/** Names of a table's columns that stand in source code alone. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ModelCard } from '../../schemas/card.js';
import { inferCard } from '../../src/cards/inferred-card.js';
import { columnsIn } from '../../src/cards/source-columns.js';
import { type Language, SourceCode } from '../../src/cards/source-tokens.js';
import { fingerprintOf } from '../../src/catalog/fingerprint.js';
import { assumed, copyOf, folders, inferred, linesOf, warnings } from '../helpers/side-cards.js';

const read = (source: string, language: Language = 'python') => columnsIn(new SourceCode(source, language));
const namesOf = (source: string, language?: Language) => read(source, language).map(({ names }) => names);

describe('names of columns in source code', () => {
  it('are lists of texts that are called so, or made into a table', () => {
    for (const source of [
      'columns = ["Age", "BMI"]',
      "FEATURE_NAMES = ('x',)\nFEATURES = ['Age', 'BMI']  # two",
      'df.columns = ["Age", "BMI"]',
      'df.columns = [["Age", "BMI"]]',
      'x = pd.DataFrame([[age, 27.5]], columns=["Age", "BMI"])',
      'x = pd.DataFrame(\n  data=np.array([f(age), 3]).reshape(1, -1),\n  columns=["Age", "BMI"],\n)',
      'X = df[["Age", "BMI"]].values',
      'x = scaler.transform(df[["Age", "BMI"]])',
      'x = pd.DataFrame({"Age": [age], "BMI": [w / (h * h)]})',
      'x = pd.DataFrame([{"Age": age, "BMI": data["w"] / 2}])',
      'row = {"Age": age, "BMI": 3}\nx = pd.DataFrame([row])',
      'row = {"Age": age, "BMI": 3}\nx = pd.DataFrame(row, index=[0])',
      'row = {"Age": age, "BMI": 3}\nx = np.array([list(row.values())])',
      'row = {}\nrow["Age"] = int(f("Age", help=help["Age"]))\nrow["BMI"] = 3\nrow["Age"] = 4\nx = np.array([row.values()])',
    ])
      assert.deepEqual(
        read(source).map(({ names, areVariables }) => [names, areVariables]),
        [[['Age', 'BMI'], undefined]],
        source,
      );
  });

  it('are what the code calls the values of a row', () => {
    for (const source of [
      'x = np.array([[age, bmi]])',
      'x = np.array([[float(age), np.float32(bmi)]], dtype=float)',
      'x = np.array([[data.age, self.form.bmi]])',
      'x = np.asarray([[request.form["age"], float(request.form.get("bmi"))]])',
      'p = model.predict([[age, bmi]])',
      'x = scaler.transform([[age, bmi]])',
      'x = np.array([\n  [age, bmi]\n])',
      'features = [age, bmi]\nx = np.array([features])',
      'input_data = [age, bmi]\nx = np.array(input_data).reshape(1, -1)',
    ])
      assert.deepEqual(
        read(source).map(({ names, areVariables }) => [names, areVariables]),
        [[['age', 'bmi'], true]],
        source,
      );
    assert.deepEqual(namesOf('const x = tf.tensor2d([[parseFloat(age), this.bmi]]);', 'javascript'), [['age', 'bmi']]);
  });

  it('are nothing else', () => {
    for (const source of [
      '# columns = ["Age", "BMI"]',
      '"""columns = ["Age", "BMI"]"""',
      'columns = ["Age", name]',
      'columns = ["Age", f"{name}"]',
      'columns = ["Age", "B" + "MI"]',
      'columns = ["Age", "age"]',
      'columns = ["Age", ""]',
      'columns = ["Age"]',
      'columns = ["Age", "__proto__"]',
      'df = df.drop(columns=["Age", "BMI"])',
      'cat_columns = ["Age", "BMI"]',
      'columns_to_drop = ["Age", "BMI"]',
      'target_columns = ["Age", "BMI"]',
      'y = df[["Age", "BMI"]]',
      'print(df[["Age", "BMI"]].head())',
      'out = pd.DataFrame(y_pred, columns=["Height", "Weight"])',
      'out = pd.DataFrame(model.predict(x), columns=["Height", "Weight"])',
      'out = pd.DataFrame({"Actual": y, "Predicted": p})',
      'out = pd.DataFrame({"Class": names, "Probability": p})',
      'out = pd.DataFrame({"Feature": names, "Importance": weights})',
      'columns = ["Age", "Target"]',
      'options = {"Age": 1, "BMI": 2}',
      'row = {}\nrow["Age"] = 1\nrow["BMI"] = 2',
      'x = np.array([[1, 2], [3, 4]])',
      'x = np.array([[age, 2]])',
      'x = np.array([[age + 1, bmi]])',
      'x = np.array([[scale(age), bmi]])',
      'x = np.array([[a, b], [c, d]])',
      'box = np.array([[x, y, w, h]])',
      'x = np.array([[feature1, feature2]])',
      'names = [age, bmi]',
      'features = [age, bmi]',
    ])
      assert.deepEqual(namesOf(source), [], source);
  });

  it('are read of any text, in no more than a moment', () => {
    const words = [
      'columns',
      '=',
      '[',
      ']',
      '{',
      '}',
      '(',
      ')',
      '"a"',
      ',',
      ':',
      'np.array',
      'DataFrame',
      'x',
      '\n',
      '.',
      'float',
      'row',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 60 }), (some) => {
        read(some.join(' '));
      }),
    );
    for (const hard of [
      'columns=[',
      'columns=["a",',
      'np.array([[',
      'DataFrame({"a":',
      'DataFrame(x,columns=[',
      'x=float(',
      'row["a"]=',
    ])
      for (const language of ['python', 'javascript'] as const) read(hard.repeat(250_000 / hard.length), language);
  });
});

describe('the columns of a table', () => {
  // Its scaler was fitted on an array, and knows no names.
  const path = 'houses';
  const columns = ['Area', 'Rooms', 'Year'];
  const list = (names: string[], name = 'columns') => `${name} = ${JSON.stringify(names)}\n`;
  const values = (names: string[]) => `x = np.array([[${names.join(', ')}]])\n`;
  const columnsOf = async (source: string, given?: ModelCard) => {
    const card = await inferred(copyOf(path, { 'app.py': source }), given);
    return { columns: assumed(card)['inputs.x.columns'], card };
  };

  it('are those of source code where nothing else names them, a guess', async () => {
    const { columns: found, card } = await columnsOf(list(columns));
    assert.deepEqual(found, [columns, 'guess']);
    assert.ok(
      linesOf(card).some((line) =>
        line.includes('the 3 of columns in app.py, for as many names stand there as there are columns (a guess)'),
      ),
      linesOf(card).join('\n'),
    );
    assert.deepEqual((await columnsOf(values(['area', 'rooms', 'year']))).columns?.[1], 'guess');
    assert.equal((await columnsOf(list(columns.slice(1)))).columns, undefined);
  });

  it('are rather texts than what the code calls its values', async () => {
    const other = values(['size', 'rooms', 'year']);
    assert.deepEqual((await columnsOf(other + list(columns))).columns?.[0], columns);
    assert.deepEqual((await columnsOf(list(columns) + list(columns, 'features'))).columns?.[0], columns);
  });

  it('are none where two lists differ, which is said', async () => {
    for (const other of [
      list(columns.toReversed(), 'features'),
      values(columns.toReversed()),
      list(['a', 'b', 'c'], 'features'),
    ]) {
      const { columns: found, card } = await columnsOf(list(columns) + other);
      assert.equal(found, undefined);
      const [warning] = warnings(card).filter((line) => line.includes('source code'));
      assert.match(
        warning!,
        /^warn source code beside the model has two lists of 3 names \(columns in app\.py and \w+ in app\.py\), and nothing says which are the columns': none are used; set inputs\.x\.columns in serve\.json$/,
      );
    }
  });

  it('are not looked for where a file or the card has them', async () => {
    const given = { inputs: { x: { columns: columns.map((name) => ({ name: `${name}!` })) } } } as unknown as ModelCard;
    assert.equal((await columnsOf(list(columns), given)).columns, undefined);
    const other = columns.map((name) => `${name} of the file`);
    const named = await inferred(copyOf(path, { 'app.py': list(columns), 'columns.json': JSON.stringify(other) }));
    assert.deepEqual(assumed(named)['inputs.x.columns'], [other, 'likely']);
  });

  it('have the words of encoders that are called like them', async () => {
    const encoder = readFileSync(join(folders, 'churn', 'label_encoder_gender.pkl'));
    const files = { 'app.py': list(['Gender', 'Rooms', 'Year']), 'label_encoder_gender.pkl': encoder };
    const card = await inferred(copyOf(path, files));
    const words = { name: 'Gender', categories: ['Female', 'Male'] };
    assert.deepEqual(assumed(card)['inputs.x.columns'], [[words, { name: 'Rooms' }, { name: 'Year' }], 'guess']);
    const basis =
      'for their names are the 3 of columns in app.py, and label_encoder_gender.pkl is called like it (a guess)';
    assert.ok(linesOf(card).some((line) => line.includes(basis)));
  });

  it('are none where two inputs take as many', async () => {
    const of = async (...widths: number[]) => {
      const inputs = widths.map((width, at) => ({ name: `x${at}`, type: 'float32' as const, shape: [null, width] }));
      const outputs = [{ name: 'y', type: 'float32' as const, shape: [null, 1] }];
      const file = join(copyOf('csv', { 'app.py': list(columns), 'houses.csv': null }), 'model.keras');
      return assumed(await inferCard({ signature: { inputs, outputs }, hints: null }, { file }));
    };
    assert.deepEqual((await of(3, 2))['inputs.x0.columns'], [columns, 'guess']);
    assert.equal((await of(3, 3))['inputs.x0.columns'], undefined);
  });

  it('are none where several models lie there', async () => {
    const several = await inferred(join(copyOf(path, { 'app.py': list(columns), 'other.h5': '' }), 'model.keras'));
    assert.equal(assumed(several)['inputs.x.columns'], undefined);
  });

  it('are followed, whatever has the labels', async () => {
    const folder = copyOf(path, { 'labels.txt': 'no\nyes\n', 'app.py': list(columns) });
    const before = await fingerprintOf(join(folder, 'model.keras'));
    writeFileSync(join(folder, 'app.py'), list(columns, 'features'));
    assert.notEqual(await fingerprintOf(join(folder, 'model.keras')), before);
  });
});
