/** Configuration files: what they may say, which of all sources counts, and what is told of those that are wrong. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shown } from '../../src/commands/config.js';
import { inForce, readSettings } from '../../src/settings/config.js';
import { parseConfigFile, readConfigFile } from '../../src/settings/config-file.js';
import { itemsOf, list, oneOf, text, whole } from '../../src/settings/parsers.js';
import { PlaceError } from '../../src/settings/yaml-entries.js';
import { temporaryFolder } from '../helpers/folder.js';
import { run } from '../helpers/run.js';

const folder = temporaryFolder('config');
const path = join(folder, 'conf.yaml');

/** What is in force with a file of this text. */
async function settingsOf(content: string | Uint8Array, flags = {}, environment = {}) {
  writeFileSync(path, content);
  return readSettings(flags, environment, (await readConfigFile(path)).values);
}

/** What is said of a file, its path left out. */
async function refusalOf(content: string | Uint8Array): Promise<string> {
  const error = await settingsOf(content).then(
    () => assert.fail(`${content} is taken`),
    (error: Error) => error,
  );
  assert.equal(error.name, 'ConfigError');
  return error.message.replaceAll(path, 'conf.yaml');
}

describe('a configuration file', () => {
  it('counts over the default, and less than environment and flags', async () => {
    const content = 'port: 1\ndeadline: 2\nmax-rows: 3\n';
    const { port, deadline, maxRows, maxQueue } = await settingsOf(
      content,
      { port: '10' },
      { KERAS_SERVE_PORT: '20', KERAS_SERVE_DEADLINE: '30' },
    );
    assert.deepEqual(
      [port, deadline, maxRows, maxQueue].map(({ value, source, from }) => [
        value,
        source,
        from.replace(path, 'conf.yaml'),
      ]),
      [
        [10, 'flag', '--port'],
        [30, 'environment', 'KERAS_SERVE_DEADLINE'],
        [3, 'file', 'conf.yaml:3'],
        [128, 'default', 'default'],
      ],
    );
  });

  it('may be JSON, with tabs and the address of a schema, or YAML of Windows', async () => {
    const json = await settingsOf('{\n\t"$schema": "x.json",\n\t"port": 80,\n\t"watch": true\n}\n');
    assert.deepEqual([json.port.value, json.watch.value], [80, true]);
    const yaml = await settingsOf(
      '\ufeff# ours\r\nport: 0x50 # eighty\r\nlog-level: "debug"\r\nmax-image-size: 1e3\r\n',
    );
    assert.deepEqual([yaml.port.value, yaml.logLevel.value, yaml.maxImageSize.value], [80, 'debug', 1000]);
  });

  for (const content of ['', '\n', '# nothing yet\n', '---\n', '{}', 'null'])
    it(`may say nothing: ${JSON.stringify(content)}`, async () => {
      assert.equal((await settingsOf(content)).port.value, 5000);
    });

  it('names paths beside itself', async () => {
    const { cacheFolder } = await settingsOf('cache-folder: kept/here\n');
    assert.equal(cacheFolder.value, join(folder, 'kept/here'));
    assert.equal((await settingsOf('cache-folder: /kept\n')).cacheFolder.value, '/kept');
    assert.equal((await settingsOf('cache-folder: auto\n')).cacheFolder.value, undefined);
  });

  for (const [content, message] of Object.entries({
    'host: x\nmax-imge-size: 3MB': 'conf.yaml:2:1 max-imge-size is no setting. Did you mean max-image-size?',
    'maxRows: 3': 'conf.yaml:1:1 maxRows is no setting. Did you mean max-rows?',
    'frobnicate: 3': 'conf.yaml:1:1 frobnicate is no setting',
    'config: other.yaml': 'conf.yaml:1:1 config is no setting',
    '{"port": 1,\n  "prot": 2}': 'conf.yaml:2:3 prot is no setting. Did you mean port?',
    '<<: {port: 1}': 'conf.yaml:1:1 << is no setting',
    '? [port]\n: 1': 'conf.yaml:1:3 what stands here is no setting',
    '\n\nmax-image-size: huge':
      'conf.yaml:3:17 max-image-size must be a size such as 500KB or 10MB, up to 1GB, but is "huge"',
    'port: 65536': 'conf.yaml:1:7 port must be a whole number from 0 to 65535, but is "65536"',
    'port: 80.5': 'conf.yaml:1:7 port must be a whole number from 0 to 65535, but is "80.5"',
    'port: "80"': 'conf.yaml:1:7 port must be a whole number, but is a text',
    'port: {a: 1}': 'conf.yaml:1:7 port must be a whole number, but is a mapping',
    'port: [1]': 'conf.yaml:1:7 port must be a whole number, but is a list',
    'watch: yes': 'conf.yaml:1:8 watch must be true or false, but is a text',
    'threads: "2"': 'conf.yaml:1:10 threads must be auto or a whole number, but is a text',
    'default-model: 3': 'conf.yaml:1:16 default-model must be a text, but is a whole number: write it in quotes, "3"',
    'models: {}': 'conf.yaml:1:9 models must be a list or a text, but is a mapping',
    'models:\n  - a\n  - 2': 'conf.yaml:3:5 models[1] must be a text, but is a whole number: write it in quotes, "2"',
    'models: [""]': 'conf.yaml:1:10 models[0] must not be empty',
    'port:\nhost: x': 'conf.yaml:1:6 port has no value: leave it out to have the default',
    'port: 1\nhost: x\nport: 2': 'conf.yaml:3:1 port stands twice, first on line 1',
    '{"port": 1, "port": 1}': 'conf.yaml:1:13 port stands twice, first on line 1',
    '- port': 'conf.yaml:1:1 must be settings by their names, such as "port: 8080"',
    '80': 'conf.yaml:1:1 must be settings by their names, such as "port: 8080"',
    'port: 1\n---\nport: 2': 'conf.yaml:2:1 begins a second document: settings stand in one alone',
    'port: &one 1': 'conf.yaml:1:12 port has an anchor or an alias: write the value out',
    'port: *one': 'conf.yaml:1:7 port has an anchor or an alias: write the value out',
    'models: &all [a]': 'conf.yaml:1:14 models has an anchor or an alias: write the value out',
    'models: [a, *all]': 'conf.yaml:1:13 models has an anchor or an alias: write the value out',
    'host: !!binary aGk=': 'conf.yaml:1:16 host has the tag tag:yaml.org,2002:binary: settings have none',
    'host: !secret x': "conf.yaml:1:7 can't be read: Unresolved tag: !secret",
    'host: "x': 'conf.yaml:1:9 can\'t be read: Missing closing "quote',
    'a: b: c': "conf.yaml:1:4 can't be read: Nested mappings are not allowed in compact mappings",
    'port: 1\n\thost: x': "conf.yaml:2:1 can't be read: Tabs are not allowed as indentation",
    '{"port": 1}}': 'conf.yaml:1:12 can\'t be read: Unexpected flow-map-end token in YAML stream: "}"',
  }))
    it(`is refused: ${JSON.stringify(content)}`, async () => assert.equal(await refusalOf(content), message));

  it('is read or refused, whatever is in it', () => {
    const good = 'models: [a, "b"]\nport: 80 # here\nmax-image-size: 1KB\n{"watch": true}\n';
    const pieces = fc.constantFrom(
      ...':-[]{}#&*!|>\'"%@`,?\n\t \\',
      '---\n',
      '<<: ',
      '&a ',
      '*a',
      '!!map ',
      'port',
      '\u0000',
      '\ud800',
      '\r',
    );
    const changed = fc
      .array(fc.tuple(fc.nat(good.length), fc.nat(3), pieces), { maxLength: 6 })
      .map((changes) =>
        changes.reduce((text, [at, gone, piece]) => text.slice(0, at) + piece + text.slice(at + gone), good),
      );
    fc.assert(
      fc.property(
        fc.oneof(
          changed,
          fc.string({ unit: 'grapheme' }),
          fc.array(pieces).map((all) => all.join('')),
        ),
        (text) => {
          try {
            parseConfigFile('conf.yaml', text);
          } catch (error) {
            if (!(error instanceof PlaceError)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is refused where brackets stand in brackets without end', async () => {
    assert.match(
      await refusalOf(`models: ${'['.repeat(100_000)}`),
      /^conf\.yaml:1:\d+ can't be read: Maximum call stack/,
    );
  });

  it('is refused where aliases would make much of little, before they do', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`);
    assert.match(await refusalOf(['a0: &a0 [x]', ...lines].join('\n')), /^conf\.yaml:1:9 a0 has an anchor/);
  });

  it('is refused where it is no text, too large, a folder, a pipe, or not there', async () => {
    assert.equal(
      await refusalOf(Buffer.from([0x61, 0x3a, 0x20, 0xff])),
      'The configuration conf.yaml is no text in UTF-8',
    );
    assert.equal(
      await refusalOf('#'.repeat(256 * 1024 + 1)),
      'The configuration conf.yaml has more than 262144 bytes, which no settings take',
    );
    const pipe = join(folder, 'pipe');
    await run('mkfifo', [pipe]);
    mkdirSync(join(folder, 'folder'));
    for (const [name, what] of [
      ['pipe', 'is a pipe, no file'],
      ['folder', 'is a folder, no file'],
      ['missing', "can't be read: there is no such file"],
    ] as const)
      await assert.rejects(readConfigFile(join(folder, name)), {
        name: 'ConfigError',
        message: `The configuration ${join(folder, name)} ${what}`,
      });
  });
});

describe('a setting', () => {
  const from = { source: 'file', from: 'conf.yaml:4' } as const;

  it('that is a list is read by its elements, each with its place', () => {
    const ports = { value: 'number', fallback: '', description: 'Ports', parse: list(whole(1, 9)) };
    const items = ['3', '12'].map((text, index) => ({
      ...from,
      name: `conf.yaml:4:${3 * index + 8} ports[${index}]`,
      text,
    }));
    assert.deepEqual(inForce(ports, { ...from, name: '', text: '', items: items.slice(0, 1) }).value, [3]);
    assert.throws(() => inForce(ports, { ...from, name: '', text: '', items }), {
      message: 'conf.yaml:4:11 ports[1] must be a whole number from 1 to 9, but is "12"',
    });
  });

  it('may be a list or a word', () => {
    const parse = list(oneOf('a', 'b'));
    assert.deepEqual(
      parse.schema?.anyOf?.map(({ type }) => type),
      ['string', 'array', 'string'],
    );
    const letters = { value: 'letter', fallback: 'none', description: 'Letters', parse };
    const items = [{ ...from, name: '', text: 'b' }];
    assert.deepEqual(inForce(letters, { ...from, name: '', text: 'b', items }).value, ['b']);
    assert.deepEqual(inForce(letters, { ...from, name: '', text: 'none' }).value, []);
    assert.deepEqual(itemsOf(parse.schema!), { type: 'string', enum: ['a', 'b'] });
  });

  it('that is a secret is shown nowhere', () => {
    const secret = { value: 'text', fallback: 'none', description: 'A secret', parse: text, secret: true } as const;
    const given = { ...from, name: 'conf.yaml:4:9 secret', text: 'swordfish' };
    const row = shown('secret', inForce(secret, given));
    assert.deepEqual(row, { name: 'secret', value: '********', given: '********', ...from });
    assert.equal(shown('secret', inForce(secret)).given, 'none');
    const refused = { ...secret, parse: whole(1, 9) } as never;
    assert.throws(() => inForce(refused, given), {
      message: 'conf.yaml:4:9 secret must be a whole number from 1 to 9',
    });
  });
});
