/**
 * Requests over HTTP against the schemas of the document: what a model's own schema allows is never a fault of the server, and what
 * it forbids is never answered.
 */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { add, cast } from '../../src/onnx/operators/index.js';
import { folderOf, type KindModel, kindModels } from '../helpers/kind-models.js';
import { type Document, resolve, validatorOf } from '../helpers/openapi.js';
import { pngOf } from '../helpers/pictures.js';
import { runs } from '../helpers/runs.js';
import { changedIn, valuesOf } from '../helpers/schema-values.js';

/** Models whose inputs are of other types, sizes and names than people's models have. */
const odd = {
  'any-size': {
    build(graph) {
      graph.output('y', add(graph.input('x', 'int32', [null, null]), 1));
    },
    card: { inputs: { x: { kind: 'tensor' } } },
  },
  'small-types': {
    build(graph) {
      graph.output('a', cast(graph.input('flag', 'bool', [null, 2]), 'float32'));
      graph.output('b', cast(graph.input('instances', 'uint8', [null]), 'float32'));
    },
    card: {},
  },
  'two-rows': {
    build(graph) {
      graph.output('y', add(graph.input('x', 'float32', [2, 2]), 1));
    },
    card: {},
  },
  days: {
    build(graph) {
      graph.output('y', add(graph.input('x', 'float32', [null, 3, 2]), 1));
    },
    card: {
      inputs: {
        x: {
          columns: [
            { name: 'rain', transform: 'log1p' },
            { name: 'wind', categories: ['low', 1, true], missing: 1 },
          ],
        },
      },
    },
  },
} satisfies Record<string, KindModel>;
const names = [...Object.keys(kindModels), ...Object.keys(odd)];

let app: FastifyInstance;
let document: Document;
let url: string;
before(async () => {
  app = await buildApp({ model: folderOf({ ...kindModels, ...odd }), processes: 1, noCache: true });
  await app.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  document = (await app.inject('/openapi.json')).json();
});
after(() => app?.close());

/** An answer that never comes is a failure, which says to what. */
const patience = 60_000;

async function ask(
  model: string,
  body: string | FormData,
  mediaType = 'application/json',
): Promise<{ status: number; text: string }> {
  const type: Record<string, string> = typeof body === 'string' ? { 'content-type': mediaType } : {};
  try {
    const signal = AbortSignal.timeout(patience);
    const reply = await fetch(`${url}/models/${model}/predict`, { method: 'POST', headers: type, body, signal });
    return { status: reply.status, text: await reply.text() };
  } catch (cause) {
    const sent = typeof body === 'string' ? body : [...body].map(([name, value]) => `${name}=${value}`).join('&');
    throw new Error(`no answer to ${sent.slice(0, 2000)}`, { cause });
  }
}

const bodiesOf = (model: string) => document.paths[`/models/${model}/predict`]!.post.requestBody.content;
const schemaOf = (model: string, type: string) =>
  resolve(document.components.schemas, bodiesOf(model)[type]!.schema) as object;

/** A value as a field of a form has it: numbers and lists as texts, a file as some bytes, which may be a picture. */
function partOf(value: unknown, { format }: { format?: string }): string | Blob {
  if (format === 'binary') return new Blob([String(value).length % 2 === 0 ? new Uint8Array(picture) : String(value)]);
  return typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
}
const picture = await pngOf({ height: 2, width: 2, channels: 3, data: [9, 9, 9, 8, 8, 8, 7, 7, 7, 6, 6, 6] });

type Properties = Record<string, { format?: string; examples?: unknown[] }>;
type FormSchema = { properties: Properties; required?: string[] };

describe('the schema of requests', () => {
  for (const model of names) {
    it(`${model}: what it allows is never a fault of the server`, async () => {
      const schema = schemaOf(model, 'application/json');
      const validator = validatorOf(document, schema);
      let answered = 0;
      await fc.assert(
        fc.asyncProperty(valuesOf(schema), async (value) => {
          assert.ok(validator.Check(value), 'not what it allows');
          const { status, text } = await ask(model, JSON.stringify(value));
          if (status === 200) answered++;
          assert.ok(status === 200 || status === 400, `${status}: ${text}`);
        }),
        runs(0.6),
      );
      assert.ok(answered > 0, 'nothing was answered');
    });

    it(`${model}: what it forbids is never answered`, async () => {
      const schema = schemaOf(model, 'application/json');
      const validator = validatorOf(document, schema);
      let forbidden = 0;
      await fc.assert(
        fc.asyncProperty(changedIn(valuesOf(schema)), async (value) => {
          const isAllowed = validator.Check(value);
          if (!isAllowed) forbidden++;
          const { status, text } = await ask(model, JSON.stringify(value));
          assert.ok(status === 400 || (status === 200 && isAllowed), `${status}: ${text}`);
        }),
        runs(0.6),
      );
      assert.ok(forbidden > 0, 'nothing was forbidden');
    });
  }

  it('has examples that are answered, in JSON, as texts, and field by field in forms', async () => {
    const forms = new Set<string>();
    for (const model of names)
      for (const [mediaType, { example }] of Object.entries(bodiesOf(model))) {
        let body: string | FormData | undefined = typeof example === 'string' ? example : JSON.stringify(example);
        if (mediaType === 'multipart/form-data') {
          const { properties } = schemaOf(model, mediaType) as FormSchema;
          body = new FormData();
          for (const [name, { examples, format }] of Object.entries(properties))
            body.append(name, format === 'binary' ? new Blob([new Uint8Array(picture)]) : partOf(examples![0], {}));
          forms.add(model);
        }
        if (body === undefined) continue;
        const { status, text } = await ask(model, body, mediaType);
        assert.equal(status, 200, `${model}, ${mediaType}: ${text}`);
      }
    assert.ok(forms.size >= 5, [...forms].join());
  });

  it('is followed to the letter by one datapoint as people write it', async () => {
    for (const model of names.filter((name) => !['clinic', 'colours', 'two-rows'].includes(name))) {
      const [datapoint] = (schemaOf(model, 'application/json') as { anyOf: (object & { anyOf?: object[] })[] }).anyOf;
      await fc.assert(
        fc.asyncProperty(valuesOf(datapoint!.anyOf?.[0] ?? datapoint!), async (value) => {
          const { status, text } = await ask(model, JSON.stringify(value));
          assert.equal(status, 200, `${model}: ${text}`);
        }),
        runs(0.6),
      );
    }
  });

  it('of a form: what it allows is never a fault, and a field that is unknown or not there is never passed over', async () => {
    const withForms = names.filter((model) => bodiesOf(model)['multipart/form-data']);
    assert.ok(withForms.length >= 5, withForms.join());
    for (const model of withForms) {
      const schema = schemaOf(model, 'multipart/form-data') as FormSchema;
      let answered = 0;
      await fc.assert(
        fc.asyncProperty(
          valuesOf(schema),
          fc.constantFrom('whole', 'less', 'more'),
          fc.nat(),
          async (value, how, at) => {
            const fields = Object.entries(value as object);
            const lost = how === 'less' ? at % fields.length : -1;
            const form = new FormData();
            for (const [index, [name, field]] of fields.entries())
              if (index !== lost) form.append(name, partOf(field, schema.properties[name]!));
            if (how === 'more') form.append('unknown', '1');
            const { status, text } = await ask(model, form);
            const isForbidden = how === 'more' || (schema.required ?? []).includes(fields[lost]?.[0] ?? '');
            assert.ok(status === 400 || (status === 200 && !isForbidden), `${model}, ${how}: ${status}: ${text}`);
            if (status === 200) answered++;
          },
        ),
        runs(0.4),
      );
      assert.ok(answered > 0, `${model} answered nothing`);
    }
  });

  it('of CSV: no text is a fault of the server', async () => {
    const withCsv = names.filter((model) => bodiesOf(model)['text/csv']);
    assert.ok(withCsv.length >= 2, withCsv.join());
    for (const model of withCsv) {
      const { properties } = schemaOf(model, 'multipart/form-data') as FormSchema;
      const cell = fc.constantFrom(
        ...Object.keys(properties),
        '1',
        '0.5',
        'car',
        'van',
        '[1, 2, 3]',
        '"[1,2]"',
        '"',
        '',
        '\0',
        '-1e39',
        'ä',
      );
      const line = fc.array(cell, { maxLength: 4 }).map((cells) => cells.join(','));
      const rows = fc.array(line, { maxLength: 4 });
      const header = fc.shuffledSubarray(Object.keys(properties), { minLength: 1 }).map((keys) => keys.join(','));
      const end = fc.constantFrom('\n', '\r\n', '\r');
      await fc.assert(
        fc.asyncProperty(fc.option(header), rows, end, async (first, rest, newline) => {
          const csv = [...(first === null ? [] : [first]), ...rest].join(newline);
          const { status, text } = await ask(model, csv, 'text/csv');
          assert.ok(status === 200 || status === 400, `${model}: ${status}: ${text}`);
        }),
        runs(0.6),
      );
    }
  });
});
