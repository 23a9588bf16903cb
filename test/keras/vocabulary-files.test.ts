/** Vocabularies that lie beside a model. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { unzipSync, zipSync } from 'fflate';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { applyAdapted } from '../../src/keras/adapted.js';
import { modelFiles, readKerasModel } from '../../src/keras/index.js';
import type { Layer } from '../../src/keras/model.js';
import { vocabulariesBeside, vocabularyNameOf } from '../../src/keras/vocabulary-files.js';
import { compile } from '../../src/onnx/compile.js';
import { tensorOfTexts } from '../../src/support/strings.js';
import { sessionOf } from '../helpers/compiled-session.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { temporaryFolder } from '../helpers/folder.js';
import { layer } from '../helpers/layer-model.js';

const { folder, cases } = unpackFamily('strings');
after(() => rmSync(folder, { recursive: true }));

/** By pickle.dumps of Python 3.11: a list of words, and one as `get_vocabulary` gives it, of NumPy's strings. */
const pickledWords = {
  list: 'gASVFQAAAAAAAABdlCiMBVtVTktdlIwBYpSMAWGUZS4=',
  numpy:
    'gASVmgAAAAAAAABdlCiMAJSMBVtVTktdlIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMBnNjYWxhcpSTlIwFbnVtcHmUjAVkdHlwZZSTlIwCVTGUiYiHlFKUKEsD' +
    'jAE8lE5OTksESwRLCHSUYkMEYgAAAJSGlFKUaAVoCIwCVTGUiYiHlFKUKEsDaAxOTk5LBEsESwh0lGJDBGEAAACUhpRSlGUu',
};

/** A word of two lines, a list in a list, and half a pickle. */
const pickledOthers = {
  lines: 'gASVCgAAAAAAAABdlIwDYgphlGEu',
  lists: 'gASVEAAAAAAAAABdlChdlIwBYpRhjAFhlGUu',
  half: 'gASVFQAAAAAAAABdlCiM',
};

/** don’t, as Windows has it in Western Europe. */
const windows = Buffer.from('don\x92t\nb', 'latin1');

describe('a vocabulary beside a model', () => {
  it('is that of the layer whose name it has, and one of the files of the model', async () => {
    const { model } = cases.find(({ name }) => name === 'refused_adapted_h5')!;
    const refused = await readKerasModel(model);
    assert.throws(
      () => compile(refused),
      /lay it beside it as words\.vocabulary\.txt, a term in each line, or as \.pkl, a pickled list of them/,
    );
    assert.deepEqual(await modelFiles(model), [model]);

    const file = join(dirname(model), 'words.vocabulary.txt');
    for (const content of ['[UNK]\nb\na', 'b\r\na\r\n']) {
      writeFileSync(file, content);
      const compiled = compile(await readKerasModel(model));
      const session = await sessionOf(compiled);
      const texts = tensorOfTexts(['a', 'b', 'c'], [3, 1]);
      const results = await session.run({ [compiled.inputs[0]!.name]: texts }, []);
      assert.deepEqual(results[compiled.outputs[0]!.name]!.data, BigInt64Array.of(2n, 1n, 0n));
      await session.close();
    }
    assert.deepEqual(await modelFiles(model), [model, file]);
  });

  it('may be a pickled list of words, and is nothing else that is pickled', async () => {
    const { model } = cases.find(({ name }) => name === 'refused_adapted_h5')!;
    const file = join(temporaryFolder(), 'model.h5');
    copyFileSync(model, file);
    const pickle = join(dirname(file), 'words.vocabulary.pkl');
    const vocabulary = async () => {
      const { graph } = await readKerasModel(file);
      return graph.calls.map(({ layer: { config } }) => config.vocabulary).find((one) => one != null);
    };
    for (const words of Object.values(pickledWords)) {
      writeFileSync(pickle, words, 'base64');
      assert.deepEqual(
        (await vocabulary()) as string[],
        ['', '[UNK]', 'b', 'a'].slice(words === pickledWords.list ? 1 : 0),
      );
    }
    assert.deepEqual(await modelFiles(file), [file, pickle]);
    for (const no of Object.values(pickledOthers)) {
      writeFileSync(pickle, no, 'base64');
      await assert.rejects(vocabulary(), {
        code: 'model_damaged',
        message:
          /^The vocabulary words\.vocabulary\.pkl beside the model (?:is no list of words|ends in the middle of a pickle)/,
      });
    }
  });

  it('is refused where it is not UTF-8, in the file as well as beside it', async () => {
    const { model } = cases.find(({ name }) => name === 'refused_adapted_h5')!;
    const beside = join(temporaryFolder(), 'model.h5');
    copyFileSync(model, beside);
    writeFileSync(join(dirname(beside), 'words.vocabulary.txt'), windows);
    await assert.rejects(readKerasModel(beside), {
      code: 'model_damaged',
      message: /^The vocabulary words\.vocabulary\.txt beside the model is not UTF-8: /,
    });

    const archive = cases.find(({ name }) => name === 'text_vectorization_adapted_int')!.model;
    const entries = unzipSync(readFileSync(archive));
    const names = Object.keys(entries).filter((name) => name.endsWith('vocabulary.txt'));
    assert.notEqual(names.length, 0);
    const file = join(temporaryFolder(), 'model.keras');
    writeFileSync(file, zipSync({ ...entries, ...Object.fromEntries(names.map((name) => [name, windows])) }));
    await assert.rejects(readKerasModel(file), {
      code: 'model_damaged',
      message: /^The vocabulary assets\/.*vocabulary\.txt in the file is not UTF-8: /,
    });
  });

  it('is found by the name that a layer was given, and nowhere else', async () => {
    const home = temporaryFolder();
    mkdirSync(join(home, 'models'));
    writeFileSync(join(home, 'vocab.txt'), 'outside');
    const read = vocabulariesBeside(join(home, 'models', 'model.h5'));
    const given = (vocabulary: string) => layer('StringLookup', { vocabulary });
    assert.equal(vocabularyNameOf(given('C:\\data\\vocab.txt')), 'vocab.txt');
    assert.equal(vocabularyNameOf(given('/data/my-vocab.txt')), 'my-vocab.txt');
    for (const path of ['../vocab.txt', '/etc/passwd', '..', '', `${home}/vocab.txt`])
      assert.equal(await read(given(path)), undefined, path);
    writeFileSync(join(home, 'models', 'vocab.txt'), 'beside');
    const again = vocabulariesBeside(join(home, 'models', 'model.h5'));
    assert.equal(await again(given('../vocab.txt')), 'beside');
  });

  it('is guessed where one layer has none and one file may be it, and only then', async () => {
    const { model } = cases.find(({ name }) => name === 'refused_adapted_h5')!;
    const home = temporaryFolder();
    const file = join(home, 'model.h5');
    copyFileSync(model, file);
    const lay = (name: string, text = 'b\na\n') => writeFileSync(join(home, name), text);
    const guessed = async () => (await readKerasModel(file)).guessedVocabulary;

    lay('other.vocabulary.txt');
    assert.equal(await guessed(), undefined, "another layer's");
    rmSync(join(home, 'other.vocabulary.txt'));
    lay('my_vocab.txt');
    assert.deepEqual(await guessed(), { layer: 'words', file: 'my_vocab.txt' });
    assert.equal(compile(await readKerasModel(file)).inputs.length, 1);
    for (const [name, why] of [
      ['vocab2.txt', 'two that may be it'],
      ['second.keras', "another model's, perhaps"],
    ] as const) {
      lay(name);
      assert.equal(await guessed(), undefined, why);
      rmSync(join(home, name));
    }
    writeFileSync(join(home, 'my_vocab.txt'), windows);
    assert.equal(await guessed(), undefined, 'no text');
    lay('my_vocab.txt');
    lay('words.vocabulary.txt');
    assert.equal(await guessed(), undefined, 'known by its name');
  });

  it('is no guess for two layers, for numbers, or where an Embedding has fewer rows', async () => {
    const guess = (...layers: Layer[]) =>
      applyAdapted(
        layers,
        async () => undefined,
        async () => ({ file: 'vocab.txt', text: '\n[UNK]\nb\na\n' }),
      );
    const words = () => layer('TextVectorization', {});
    const rows = (count: number) => layer('Embedding', { input_dim: count });
    assert.equal((await guess(words(), rows(4)))?.file, 'vocab.txt');
    assert.equal(await guess(words(), rows(3)), undefined);
    assert.equal(await guess(words(), layer('StringLookup', {})), undefined);
    assert.equal(await guess(layer('IntegerLookup', {})), undefined);
  });

  it('that is guessed is shown as a guess, with how to settle it', async () => {
    const { model } = cases.find(({ name }) => name === 'refused_adapted_h5')!;
    const home = temporaryFolder();
    const [file, vocabulary] = [join(home, 'model.h5'), join(home, 'vocab.pkl')];
    copyFileSync(model, file);
    writeFileSync(vocabulary, pickledWords.list, 'base64');
    const options = { processes: 1, cacheFolder: temporaryFolder() };
    const served = await loadServedModel(file, options);
    await served.close();
    const [input] = served.inputs;
    const [guess] = served.assumptions.filter(({ key }) => key === `inputs.${input!.name}.vocabulary`);
    assert.deepEqual([guess?.value, guess?.certainty], ['vocab.pkl', 'guess']);
    const notes = served.notes.filter(({ message }) => message.includes('vocab.pkl'));
    assert.deepEqual(
      notes.map(({ advice }) => advice),
      ["where it is that one's, call it words.vocabulary.pkl, else take it away"],
    );
    await assert.rejects(loadServedModel(file, { ...options, noGuess: true }), /\("vocab\.pkl"\), for it is the only/);

    renameSync(vocabulary, join(home, 'words.vocabulary.pkl'));
    const settled = await loadServedModel(file, options);
    await settled.close();
    assert.ok(settled.assumptions.every(({ key }) => !key.endsWith('.vocabulary')));
  });
});
