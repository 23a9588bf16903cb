/** Records of CSV, read off their bytes: what another reader finds in the same text, and numbers as JavaScript has them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import Papa from 'papaparse';
import { numberOfText } from '../../src/datapoints/text-value.js';
import { CsvReader } from '../../src/protocols/predict/csv-records.js';
import { runs } from '../helpers/runs.js';

/** All records as texts, the header first, read so many at once. */
function recordsOf(text: string, most = 2, areNumbers = false): string[][] {
  const csv = new CsvReader([Buffer.from(text)]);
  const header = csv.header();
  if (!header) return [];
  const records = [header];
  const kinds = header.map(() => areNumbers);
  for (let rows = csv.read(kinds, most); rows; rows = csv.read(kinds, most))
    for (let row = 0; row < rows.length; row++) {
      const found = rows;
      records.push(header.map((_, column) => found.text(row, column)));
    }
  return records;
}

describe('records of CSV', () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a', 'é', '1') }),
  );
  const records = fc
    .integer({ min: 2, max: 5 })
    .chain((width) => fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 1 }));

  it('are those that another program wrote', () => {
    fc.assert(
      fc.property(records, fc.constantFrom('\n', '\r\n'), fc.boolean(), (all, newline, quotes) => {
        const text = Papa.unparse(all, { newline, quotes });
        for (const areNumbers of [false, true]) assert.deepEqual(recordsOf(text, 2, areNumbers), all);
        assert.deepEqual(recordsOf(`\ufeff${text}${newline}${newline}`), all);
      }),
      runs(3),
    );
  });

  it('are those that another program reads, in any text that is CSV', () => {
    const text = fc.string({ unit: fc.constantFrom('"', '"', ',', ',', '\n', '\n', '\r', ' ', 'a', 'é', '7') });
    fc.assert(
      fc.property(text, (wild) => {
        const text = `${wild}\n`;
        const { data, errors } = Papa.parse<string[]>(text, { delimiter: ',', newline: '\n' });
        // Both leave a carriage return before the end of a line to whoever takes the value.
        const bare = (all: string[][]) => all.map((record) => record.map((one) => one.replace(/\r+$/, '')));
        // An empty value in quotes is a record, which it doesn't tell from an empty line.
        fc.pre(!/^"[\s"]*"\s*$/m.test(text));
        if (errors.length > 0) assert.throws(() => recordsOf(text));
        else {
          const width = data.find((record) => !isEmpty(record))?.length;
          const isThere = (record: string[]) => !isEmpty(record);
          // Of one column an empty line is a value that is empty.
          const within = data.slice(data.findIndex(isThere), data.findLastIndex(isThere) + 1);
          const all = width === 1 ? within : data.filter(isThere);
          if (all.every((record) => record.length === width)) assert.deepEqual(bare(recordsOf(text)), bare(all));
          else assert.throws(() => recordsOf(text), /there should be \d+ values?, .* but there (is|are) \d+\.$/);
        }
      }),
      runs(10),
    );
  });

  it('of one column have empty values in empty lines between others', () => {
    assert.deepEqual(recordsOf('\nage\n\n1\n\n\n3\n\n'), [['age'], [''], ['1'], [''], [''], ['3']]);
    assert.deepEqual(recordsOf('a,b\n\n1,2\n\n3,4\n'), [
      ['a', 'b'],
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  it('begin in the lines that are named, whatever ends a line', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const csv = new CsvReader([Buffer.from(['a,b', '1,2', '', '"3', '3",4', '5,6', ''].join(end))]);
      csv.header();
      const rows = csv.read([true, true], 10)!;
      assert.deepEqual(
        [0, 1, 2].map((row) => rows.line(row)),
        [2, 4, 6],
      );
      const short = new CsvReader([Buffer.from(['a,b', '1,2', '3', ''].join(end))]);
      short.header();
      assert.throws(() => short.read([true, true], 10), /^ProtocolRequestError: Line 3: there should be 2 values/);
      const wrong = Buffer.from(['a,b', '1,2', '\xe9,4', ''].join(end), 'latin1');
      assert.throws(() => new CsvReader([wrong]), /^ProtocolRequestError: Line 3: this isn’t UTF-8/);
    }
  });

  it('are refused where one is too long', () => {
    const long = `a,b\n1,2\n1,"${'x'.repeat(2 ** 24)}"\n`;
    const csv = new CsvReader([Buffer.from(long)]);
    csv.header();
    assert.throws(() => csv.read([true, true], 10), /Line 3: it has more than 16777216 bytes\. Is a quote missing\?/);
    assert.throws(() => new CsvReader([Buffer.from(','.repeat(2 ** 24 + 1))]).header(), /Line 1: it has more than/);
  });

  it('come in chunks', () => {
    const csv = new CsvReader(['a,', 'b\n1', '2,3'].map((chunk) => Buffer.from(chunk)));
    assert.deepEqual(csv.header(), ['a', 'b']);
    const rows = csv.read([true, false], 10)!;
    assert.deepEqual([rows.length, rows.number(0, 0), rows.text(0, 1)], [1, 12, '3']);
    assert.ok(Number.isNaN(rows.number(0, 1)));
  });
});

const isEmpty = (record: readonly string[]) => record.length === 1 && record[0]!.trim() === '';

describe('numbers of CSV', () => {
  const numberIn = (text: string): number => {
    const csv = new CsvReader([Buffer.from(`a,b,c\n${text},${text},${text}\r\n`)]);
    csv.header();
    const rows = csv.read([true, true, true], 1)!;
    assert.deepEqual([rows.number(0, 1), rows.number(0, 2)], [rows.number(0, 0), rows.number(0, 0)]);
    return rows.number(0, 0);
  };

  it('are read as JavaScript reads them', () => {
    const ways: ((value: number) => string)[] = [
      String,
      (value) => value.toExponential(),
      (value) => value.toExponential(18).toUpperCase(),
      (value) => value.toPrecision(8),
      (value) => (Math.abs(value) < 1e20 ? value.toFixed(4) : String(value)),
      (value) => ` ${value < 0 ? value : `+${value}`}  `,
    ];
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.float({ noNaN: true }), fc.integer()),
        fc.constantFrom(...ways),
        (value, way) => {
          const text = way(value);
          const found = numberIn(text);
          if (!Number.isNaN(found)) assert.ok(Object.is(found, numberOfText(text)), text);
        },
      ),
      runs(20),
    );
  });

  const read: [text: string, value: number][] = [
    ['0', 0],
    ['-0', -0],
    ['007', 7],
    ['.5', 0.5],
    ['-5.', -5],
    ['+1.25', 1.25],
    ['1e3', 1000],
    ['2.5E-3', 0.0025],
    ['1.234000000000000000e+01', 12.34],
    ['0.30000001192092896', 0.30000001192092896],
    ['123456789.123456789', Number('123456789.123456789')],
    ['  7 ', 7],
  ];
  for (const [text, value] of read)
    it(`are read off the bytes: ${JSON.stringify(text)}`, () => {
      assert.ok(Object.is(numberIn(text), value));
    });

  it('are left to others where they are none, or hard', () => {
    const others = [
      '',
      ' ',
      '-',
      '+',
      '.',
      '-.',
      'e3',
      '.e3',
      '1e',
      '1e+',
      '--1',
      '1 2',
      '1.2.3',
      '0x10',
      '1_000',
      'a',
      '1a',
      '"1"',
    ];
    for (const text of [...others, '1e400', '1'.repeat(40)]) assert.ok(Number.isNaN(numberIn(text)), text);
  });
});
