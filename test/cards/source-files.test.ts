/** Which source code belongs to a model. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { FileContents } from '../../src/cards/contents/file-contents.js';
import { SourceFiles } from '../../src/cards/source-files.js';
import { temporaryFolder } from '../helpers/folder.js';

async function read(files: Record<string, string>) {
  const folder = temporaryFolder('source-files');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const code = new SourceFiles([{ folder, names: readdirSync(folder) }], new FileContents());
  const found = (await code.all()).flat();
  return { names: found.map(({ file }) => file), found, notes: code.notes };
}

const model = 'from keras.models import load_model\nm = load_model("model.keras")\np = m.predict(scale(x))\n';

describe('source code of a model', () => {
  it('is what lies beside it, and what that takes from folders below', async () => {
    for (const line of ['from libs.model import Model', 'from libs import other, model as m', 'import libs.model']) {
      const { names, notes } = await read({
        'app.py': `${line}\n`,
        'libs/model.py': model,
        'libs/unasked.py': model,
        'others/model.py': model,
      });
      assert.deepEqual([names, notes], [['app.py', 'libs/model.py'], []], line);
    }
    const notebook = JSON.stringify({ cells: [{ cell_type: 'code', source: ['from libs.model import Model\n'] }] });
    assert.deepEqual((await read({ 'app.ipynb': notebook, 'libs/model.py': model })).names, [
      'app.ipynb',
      'libs/model.py',
    ]);
  });

  it('is nothing further below, above or elsewhere', async () => {
    for (const line of [
      'from libs.deep.model import Model',
      'from ..libs.model import Model',
      '# from libs.model import Model',
    ]) {
      const { names } = await read({ 'app.py': `${line}\n`, 'libs/deep/model.py': model, 'libs/model.py': model });
      assert.deepEqual(names, ['app.py'], line);
    }
    const chain = { 'app.py': 'import a.b\n', 'a/b.py': 'import c.d\n', 'c/d.py': model };
    assert.deepEqual((await read(chain)).names, ['app.py', 'a/b.py']);
  });

  it('has the functions that are taken from folders below', async () => {
    const asked = 'm = load_model("model.keras")\nx = prepare(Image.open(f).resize((32, 32)))\np = m.predict(x)\n';
    const { found } = await read({
      'app.py': `from libs.images import prepare\n${asked}`,
      'libs/images.py': 'def prepare(x):\n    return np.array(x) / 255\n',
    });
    assert.deepEqual(
      found.flatMap(({ uses }) => uses.map(({ image }) => image?.scaling)),
      ['unit'],
    );
  });

  it('is no more than is read of a folder', async () => {
    const lines = Array.from({ length: 80 }, (_, index) => `import libs.a${index}\n`).join('');
    const below = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`libs/a${index}.py`, 'x = 1\n']));
    assert.equal((await read({ 'app.py': lines, ...below })).names.length, 50);
  });
});
