import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelFolders } from '../../src/catalog/model-folders.js';
import { card, folderWith, found, write } from '../helpers/found-models.js';

describe('the models in a folder, looked at again', () => {
  const fingerprints = async (folders: ModelFolders) =>
    (await folders.scan()).models.flatMap(({ versions }) => versions.map(({ fingerprint }) => fingerprint));

  it('have other fingerprints when a file of theirs has changed, and only then', async (t) => {
    const folder = folderWith(t, {
      'a/model.keras': 'one',
      'b/1/model.keras': 'two',
      'b/readme.md': '',
      'c/saved_model.pb': '',
      'c/variables/variables.index': '',
    });
    const folders = new ModelFolders([folder]);
    const before = await fingerprints(folders);
    write(folder, { 'b/readme.md': 'more' });
    assert.deepEqual(await fingerprints(folders), before);

    const changes: [files: Record<string, string>, index: number][] = [
      [{ 'a/model.keras': 'One' }, 0],
      [{ 'a/serve.json': '{}' }, 0],
      [{ 'a/labels.txt': 'x' }, 0],
      [{ 'b/serve.json': '{}' }, 1],
      [{ 'b/1/serve.json': '{}' }, 1],
      [{ 'c/variables/variables.index': 'x' }, 2],
    ];
    for (const [files, index] of changes) {
      const before = await fingerprints(folders);
      write(folder, files);
      const after = await fingerprints(folders);
      assert.deepEqual(
        after.map((one, at) => one !== before[at]),
        [index === 0, index === 1, index === 2],
        JSON.stringify(files),
      );
    }
    const [first] = await fingerprints(folders);
    const at = new Date(Date.now() - 86_400_000);
    write(folder, { 'new.keras': 'Two' });
    utimesSync(join(folder, 'new.keras'), at, at);
    renameSync(join(folder, 'new.keras'), join(folder, 'a', 'model.keras'));
    const [second] = await fingerprints(folders);
    assert.notEqual(second, first);
    // As what unpacks an archive does it, later than the clock of a file system can't tell.
    await sleep(20);
    write(folder, { 'a/model.keras': 'six' });
    utimesSync(join(folder, 'a', 'model.keras'), at, at);
    assert.notEqual((await fingerprints(folders))[0], second);
  });

  it('keep their names while a card is damaged', async (t) => {
    const folder = folderWith(t, { 'a/model.keras': '', 'a/serve.json': card('pets'), 'b.keras': '', 'c.keras': '' });
    const folders = new ModelFolders([folder]);
    await folders.scan();
    write(folder, { 'a/serve.json': '{"name": "pe' });
    assert.ok((await found(folder, folders)).includes('pets: a/model.keras'));
    write(folder, { 'a/serve.json': card('dogs') });
    assert.ok((await found(folder, folders)).includes('dogs: a/model.keras'));
  });

  it('have cards for files that are there, or it is said', async (t) => {
    const cards = JSON.stringify({ models: { 'a.keras': { name: 'pets' }, 'b.kears': {}, 'nothing like it': {} } });
    const folder = folderWith(t, { 'a.keras': '', 'b.keras': '', 'serve.json': cards });
    const { models, notices } = await new ModelFolders([folder]).scan();
    assert.deepEqual(
      models.map(({ name }) => name),
      ['b', 'pets'],
    );
    assert.deepEqual(notices, [
      `In the folder "${folder}": serve.json has a card for "b.kears", and there is no such file. Did you mean "b.keras"?`,
      `In the folder "${folder}": serve.json has a card for "nothing like it", and there is no such file.`,
    ]);
  });

  it('are called differently where their names have no letter', async (t) => {
    const folder = folderWith(t, { '-.keras': '', '_.keras': '' });
    assert.deepEqual(await found(folder), ['model-2d: -.keras', 'model-5f: _.keras']);
  });

  it('are still several when one file is left', async (t) => {
    const folder = folderWith(t, { 'a.keras': '', 'b.keras': '', 'c/model.keras': '' });
    const folders = new ModelFolders([folder]);
    await folders.scan();
    rmSync(join(folder, 'b.keras'));
    assert.deepEqual(await found(folder, folders), ['a: a.keras', 'c: c/model.keras']);
  });

  it('are as they were when their folder is gone or empty', async (t) => {
    const folder = folderWith(t, { 'models/a.keras': '', 'models/b.keras': '' });
    const folders = new ModelFolders([join(folder, 'models')]);
    const { models } = await folders.scan();
    rmSync(join(folder, 'models'), { recursive: true });
    const gone = await folders.scan();
    assert.deepEqual(gone.models, models);
    assert.match(gone.notices.join(), /There is no file or folder/);
    mkdirSync(join(folder, 'models'));
    const empty = await folders.scan();
    assert.deepEqual(empty.models, models);
    assert.match(empty.notices.join(), /has no model file/);
  });

  it('are served though two others have one name or number, where changes are followed', async (t) => {
    const folder = folderWith(t, {
      'a.keras': '',
      'pets.keras': '',
      'pets/model.keras': '',
      'v/1/m.h5': '',
      'v/01/m.h5': '',
    });
    const folders = new ModelFolders([folder], { watch: true });
    assert.deepEqual(await found(folder, folders), ['a: a.keras', 'pets: pets.keras', 'v: v/01/m.h5']);
    const { notices } = await folders.scan();
    assert.match(notices.join('\n'), /two versions 1 of a model: .*\n?.*two models called pets/s);
  });

  it('are waited for in an empty folder, where changes are followed', async (t) => {
    const folder = folderWith(t, { 'readme.txt': '' });
    const folders = new ModelFolders([folder], { watch: true });
    assert.deepEqual(await found(folder, folders), []);
    write(folder, { 'a.keras': '' });
    assert.deepEqual(await found(folder, folders), ['a: a.keras']);
  });

  it('leave out what takes a name that is taken', async (t) => {
    const folder = folderWith(t, { 'pets.keras': '', 'a.keras': '' });
    const folders = new ModelFolders([folder]);
    await folders.scan();
    write(folder, { 'b/model.keras': '', 'b/serve.json': card('pets'), '0/x.keras': '', '0/serve.json': card('a') });
    assert.deepEqual(await found(folder, folders), ['a: a.keras', 'pets: pets.keras']);
    assert.match((await folders.scan()).notices.join(), /two models called/);
  });
});
