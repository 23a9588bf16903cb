import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RepeatedKeyError } from '../../src/json/error.js';
import { parseJsonText } from '../../src/json/parse-text.js';

const key = fc.oneof(fc.string(), fc.constantFrom('":', '\\', '"', 'a: "b"', '{}'));
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.constantFrom(null, true, 'a": 1', '\\"'),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

describe('a text of JSON', () => {
  it('is read as JSON.parse has it', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(0, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        assert.deepEqual(parseJsonText(text), JSON.parse(text));
      }),
    );
  });

  it('is refused where a key stands twice in an object, wherever that is', () => {
    fc.assert(
      fc.property(json, key, json, (value, name, beside) => {
        const twice = `{${JSON.stringify(name)}: ${JSON.stringify(value)}, ${JSON.stringify(name)} :1}`;
        for (const text of [twice, `[${JSON.stringify(beside)}, ${twice}]`, `{"beside": [${twice}]}`])
          assert.throws(() => parseJsonText(text), RepeatedKeyError);
      }),
    );
  });
});
