/** The schema that editors check configuration files by: it is up to date, and allows what the server takes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { parse } from 'yaml';
import { readConfig } from '../../src/settings/config.js';
import { ConfigError } from '../../src/settings/config-error.js';
import { parseConfigFile } from '../../src/settings/config-file.js';
import { configSchema, fileKeys } from '../../src/settings/config-keys.js';
import { type Parser, text } from '../../src/settings/parsers.js';
import { settings } from '../../src/settings/settings.js';
import { PlaceError } from '../../src/settings/yaml-entries.js';
import { packageRoot } from '../../src/support/package.js';
import { codeBlocks } from '../helpers/readme.js';
import { valuesOf } from '../helpers/schema-values.js';

const file = readFileSync(join(packageRoot, 'schemas', 'config.schema.json'), 'utf8');
const schema = JSON.parse(file) as { properties: Record<string, { default?: unknown }> };
const validator = Compile(schema);
const allows = (settings: unknown): boolean => validator.Check(settings);

/** Why the server refuses settings; undefined where it takes them. */
function refusal(settings: unknown): string | undefined {
  try {
    readConfig({}, {}, parseConfigFile('conf.json', JSON.stringify(settings)).values);
    return undefined;
  } catch (error) {
    if (error instanceof PlaceError || error instanceof ConfigError) return error.message;
    throw error;
  }
}

describe('the schema of configuration files', () => {
  it('is up to date', () => {
    assert.deepEqual(schema, JSON.parse(JSON.stringify(configSchema())), 'npm run schema');
  });

  it('has every key, and allows each default as the server takes it', () => {
    assert.deepEqual(Object.keys(schema.properties), [...fileKeys.keys()]);
    for (const [key, { default: value }] of Object.entries(schema.properties)) {
      if (value === undefined) continue;
      assert.ok(allows({ [key]: value }), key);
      assert.equal(refusal({ [key]: value }), undefined, key);
    }
  });

  it("allows the README's example, as the server does", () => {
    const [example] = codeBlocks('yaml');
    assert.ok(allows(parse(example!)));
    const { values, models } = parseConfigFile('serve.yaml', example!);
    assert.equal(readConfig({}, {}, values).deadline, 10);
    assert.equal(models?.items?.length, 2);
  });

  for (const settings of [
    {},
    { $schema: 'config.schema.json', models: ['a', 'b'] },
    { port: 0, 'max-image-size': '20MB', 'max-json-size': 1000, deadline: '10s', watch: true, 'max-batch': 'auto' },
    {
      'log-level': 'debug',
      'weights-url': 'https://example.com/mirror',
      'max-memory': '4 gb',
      'default-model': 'pets',
    },
  ])
    it(`allows ${JSON.stringify(settings)}, as the server does`, () => {
      assert.deepEqual([allows(settings), refusal(settings)], [true, undefined]);
    });

  for (const settings of [
    [],
    { ports: 80 },
    { config: 'other.yaml' },
    { port: '80' },
    { port: 65536 },
    { port: -1 },
    { port: 80.5 },
    { port: null },
    { host: '' },
    { host: 1 },
    { watch: 'yes' },
    { watch: 1 },
    { models: {} },
    { models: '' },
    { models: [1] },
    { models: [['a']] },
    { models: [''] },
    { deadline: 'soon' },
    { deadline: 0 },
    { 'max-image-size': '1.5MB' },
    { 'log-level': 'loud' },
    { 'weights-url': 'ftp://example.com' },
    { port: { a: 1 } },
  ])
    it(`refuses ${JSON.stringify(settings)}, as the server does`, () => {
      assert.equal(allows(settings), false);
      assert.ok(refusal(settings));
    });

  for (const [key, known] of fileKeys) {
    // Which texts are addresses no pattern says.
    const values = key === 'weights-url' ? fc.webUrl() : valuesOf(known.schema);

    // Of some texts a parser alone knows whether they can be.
    const { parse } = (known.setting ? settings[known.setting] : { parse: text }) as { parse: Parser<unknown> };
    const isTold = (parse.item ?? parse).schema !== undefined;

    if (isTold)
      it(`allows no more of ${key} than the server takes`, () => {
        fc.assert(
          fc.property(values, (value) => {
            const why = refusal({ [key]: value });
            // How long or large a text with a unit is no pattern says.
            if (typeof value !== 'string' || !/ (from|up to) /.test(why ?? '')) assert.equal(why, undefined);
          }),
        );
      });

    it(`allows all of ${key} that the server takes`, () => {
      const any = fc.oneof(
        values,
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom('auto', 'none', '1', '2h', '3 KB', 4.5),
      );
      fc.assert(
        fc.property(any, (value) =>
          assert.equal(allows({ [key]: value }) || refusal({ [key]: value }) !== undefined, true),
        ),
      );
    });
  }
});
