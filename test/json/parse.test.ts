import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type JsonValue, MixedArray, NumberArray } from '../../src/json/number-array.js';
import { JsonError, parseJson } from '../../src/json/parse.js';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A value as `JSON.parse` would give it. */
function plain(value: JsonValue): unknown {
  if (value instanceof NumberArray || value instanceof MixedArray)
    return Array.from({ length: value.length }, (_, index) => plain(value.at(index)));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
  return value;
}

const parse = (text: string) => plain(parseJson(bytes(text)));

function refusal(text: string | Uint8Array): JsonError {
  try {
    parseJson(typeof text === 'string' ? bytes(text) : text);
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error));
    assert.ok(error.message.length < 300, error.message);
    return error;
  }
  throw new assert.AssertionError({ message: 'it was taken' });
}

/** Digits as people and programs write them: short, of a float32, of a float64, and more than any of them. */
const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,40})?([eE][+-]?\d{1,3})?$/);
const numberText = fc.oneof(
  digits.filter((text) => Number.isFinite(Number(text))),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ noNaN: true, min: 0, max: 1 }).map((value) => value.toFixed(17)),
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((value) => value.toPrecision(20)),
);

describe('parseJson', () => {
  it('refuses objects of more keys than a table has columns', () => {
    const { code, message } = refusal(`{${Array.from({ length: 20_001 }, (_, index) => `"${index}":0`)}}`);
    assert.equal(code, 'json_too_complex');
    assert.match(message, /an object of more than 20000 keys/);
  });

  it('reads what JSON.parse reads, as it reads it', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, '\t\r\n'), (text, space) => {
        const spaced = JSON.stringify(JSON.parse(text), null, space);
        // A key that could harm is no input's name, and is refused.
        fc.pre(!text.includes('__proto__'));
        assert.deepEqual(parse(spaced), JSON.parse(spaced));
      }),
      { numRuns: 500 },
    );
  });

  it('reads every number to its last bit', () => {
    fc.assert(
      fc.property(fc.array(numberText, { minLength: 1, maxLength: 20 }), (texts) => {
        const read = parse(`[${texts}]`) as number[];
        for (const [index, text] of texts.entries())
          assert.ok(Object.is(read[index], JSON.parse(text)), `${text} became ${read[index]}`);
      }),
      { numRuns: 2000 },
    );
  });

  it('rounds where the digits beyond decide as JSON.parse does', () => {
    // Each lies next to, or in the middle between two doubles.
    const texts = [
      '9007199254740993',
      '9007199254740993.0000000000001',
      '9007199254740992.9999999999999',
      '1.00000000000000011102230246251',
      '1.00000000000000011102230246252',
      '1.0000000000000001110223024625156540423631668090820312500000001',
      '0.1000000000000000055511151231257827',
      '4.35',
      '123456789012345678901234567890',
      '1e23',
      '8.5e-323',
      '1.7976931348623158e308',
      '-0.0',
      '0.000',
    ];
    for (const text of texts) assert.ok(Object.is(parse(text), JSON.parse(text)), text);
  });

  it('takes nothing that JSON.parse refuses', () => {
    const pieces = [
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"',
      '"a"',
      '1',
      '-',
      '0',
      '.',
      'e',
      ' ',
      'true',
      'nul',
      '\\',
      '\u0001',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          refusal(text);
          return;
        }
        assert.deepEqual(parse(text), expected);
      }),
      { numRuns: 5000 },
    );
  });

  it('ends in a value or a JsonError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
        try {
          parseJson(noise);
        } catch (error) {
          assert.ok(error instanceof JsonError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('holds arrays of numbers in one piece', () => {
    const read = parseJson(bytes('[[[1, 2], [3, 4], [5, 6]]]')) as NumberArray;
    assert.ok(read instanceof NumberArray);
    assert.deepEqual(read.shape, [1, 3, 2]);
    assert.deepEqual([...read.data], [1, 2, 3, 4, 5, 6]);
    assert.deepEqual((parseJson(bytes('[]')) as NumberArray).shape, [0]);
    assert.deepEqual((parseJson(bytes('[[], []]')) as NumberArray).shape, [2, 0]);
    for (const ragged of ['[[1], [2, 3]]', '[1, [2]]', '[[1], "a"]', '[[[1]], [1]]', '[null, 1]'])
      assert.ok(Array.isArray(parseJson(bytes(ragged))), ragged);
  });

  it('leaves many numbers packed whatever comes behind them', () => {
    const zeros = `${'[0,1],'.repeat(100)}`;
    for (const odd of ['"a"', '[1]', '5', 'null', '{"a":[1]}']) {
      const text = `[${zeros}${odd},[2,3]]`;
      assert.ok(parseJson(bytes(text)) instanceof MixedArray);
      assert.deepEqual(parse(text), JSON.parse(text));
    }
  });

  it('reads what Python and RapidJSON write and read for NaN and infinities', () => {
    const [infinity, minus] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    assert.deepEqual(parse('[NaN, Infinity, -Infinity]'), [Number.NaN, infinity, minus]);
    assert.deepEqual(parse('[-NaN, Inf, -Inf]'), [Number.NaN, infinity, minus]);
    assert.deepEqual(parse('{"a": NaN}'), { a: Number.NaN });
    for (const text of ['nan', 'Infinit', 'Infinityx', '--Infinity', '-', '-n', '-null', 'undefined']) refusal(text);
  });

  const tooLarge: [text: string, place: string][] = [
    ['1e400', 'The body'],
    ['[1, -1e309]', '[1]'],
    ['[[0, 0], [0, 1e999999999]]', '[1][1]'],
    [`{"instances": [[${'9'.repeat(310)}, 1]]}`, 'instances[0][0]'],
    ['{"a]": "x,[\\"", "instances": [{"an age": [1, {}, []], "b": {"c": [3, 1e400]}}]}', 'instances[0].b.c[1]'],
    ['[{"a": 1}, {"an \\"age\\"": 1.5E+400}]', '[1]["an \\"age\\""]'],
    [`[${'1,'.repeat(300)}"a",1e400]`, '[301]'],
    ['{"\u{1f408}": 1e400}', '["\u{1f408}"]'],
  ];
  for (const [text, place] of tooLarge)
    it(`says where a number is that no double can hold: ${place}`, () => {
      const { code, message } = refusal(text);
      assert.equal(code, 'instances_invalid');
      assert.ok(message.startsWith(`${place} should be a number that float64 can hold, but is `), message);
    });

  it('takes the largest and the smallest doubles', () => {
    assert.deepEqual(parse('[1.7976931348623157e308, -1.7976931348623157e308]'), [Number.MAX_VALUE, -Number.MAX_VALUE]);
    assert.deepEqual(parse('[5e-324, 1e-400]'), [5e-324, 0]);
  });

  it('takes a byte order mark', () => {
    assert.deepEqual(parseJson(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes('{}')])), {});
  });

  const wrong: [text: string, message: RegExp][] = [
    ['', /a value should be at byte 0, but there is its end/],
    ['[1, 2', /a comma or \] should be at byte 5, but there is its end/],
    ['[1, ]', /a value should be at byte 4, but there is "\]"/],
    ['[1 2]', /a comma or \] should be at byte 3, but there is "2"/],
    ['{"a" 1}', /a colon should be at byte 5/],
    ['{a: 1}', /a key in quotes should be at byte 1/],
    ['[01]', /without leading zeros should be at byte 1/],
    ['[1.]', /a digit should be at byte 3/],
    ['[1e]', /a digit should be at byte 3/],
    ['[1] x', /the end should be at byte 4, but there is "x"/],
    ['"a', /the end of a string should be at byte 2/],
    ['"\\x"', /a string without .* should be at byte 0/],
    ['{"__proto__": 1}', /a key other than "__proto__"/],
    ['{"age": 1, "a\\u0067e": 2}', /^The key "age" stands twice in one object, again at byte 11\.$/],
    ['[{"toString": 1}, {"toString": 2, "toString": 3}]', /The key "toString" stands twice/],
  ];
  for (const [text, message] of wrong)
    it(`says what is wrong with ${text || 'nothing'}`, () => {
      const { code, message: found } = refusal(text);
      assert.equal(code, 'json_invalid');
      assert.match(found, message);
    });

  it('refuses what is nested too deep, however deep', () => {
    for (const open of ['[', '{"a":', '[1,[']) {
      const { code } = refusal(open.repeat(1_000_000));
      assert.equal(code, 'json_too_complex');
    }
  });

  it('bounds what a body takes in memory', () => {
    const before = process.memoryUsage().rss;
    for (const text of ['[""]', '{}', '[{}]', '[1],[1,2]', '"a"', 'null', '{"a":[]}']) {
      const body = Buffer.concat([Buffer.from('['), Buffer.alloc(24 * 2 ** 20, `${text},`)]);
      assert.equal(refusal(body).code, 'json_too_complex', text);
    }
    assert.ok(process.memoryUsage().rss - before < 2 ** 30);
  });

  it('reads a number of arrays in a row in no more than four times their text', () => {
    const text = Buffer.alloc(32 * 2 ** 20, '0,');
    text[text.length - 1] = 0x5d;
    const before = process.memoryUsage().arrayBuffers;
    const read = parseJson(Buffer.concat([Buffer.from('['), text])) as NumberArray;
    assert.equal(read.length, 16 * 2 ** 20);
    assert.ok(process.memoryUsage().arrayBuffers - before < 5.5 * text.length);
  });
});
