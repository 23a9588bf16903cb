/** The forms of a reply beside JSON: which is wanted by Accept, and lines of CSV. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import Papa from 'papaparse';
import type { KindCard } from '../../src/datapoints/kind.js';
import { kindsOf } from '../../src/datapoints/kinds.js';
import { qualityOf } from '../../src/protocols/predict/accept.js';
import { csvLine, writeCsv } from '../../src/protocols/predict/csv-reply.js';
import { type Asked, chooseFormat, picturesOf } from '../../src/protocols/predict/formats.js';
import type { TensorInfo, Tensors } from '../../src/support/tensor.js';
import { runs } from '../helpers/runs.js';

describe('qualityOf', () => {
  it('is that of the narrowest range that has the type', () => {
    const cases: [accept: string | undefined, quality: number][] = [
      [undefined, 1],
      ['', 1],
      ['*/*', 1],
      ['text/csv', 1],
      ['TEXT/CSV;Q=0.5', 0.5],
      ['text/csv ; q = 0.5', 0.5],
      ['text/csv;header=present;q=0.25', 0.25],
      ['text/csv;title="a,b;q=1";q=0.25', 0.25],
      ['*/*;q=0.9, text/*;q=0.3', 0.3],
      ['text/*;q=0.3, text/csv;q=0.1, */*', 0.1],
      ['text/csv;q=0, */*', 0],
      ['text/csv;q=7', 1],
      ['text/csv;q=.', 0],
      ['image/png', 0],
      [',;,', 0],
    ];
    for (const [accept, quality] of cases) assert.equal(qualityOf('text/csv', accept), quality, accept);
  });
});

describe('csvLine', () => {
  it('is read as what was written', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.constantFrom('a,b', '"', 'x\r\ny', '\n', ' ', '=1+1', ''),
      fc.double({ noNaN: true }),
    );
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 }),
      );
    fc.assert(
      fc.property(table, (rows) => {
        const text = rows.map(csvLine).join('').slice(0, -2);
        const { data, errors } = Papa.parse<string[]>(text, { delimiter: ',', newline: '\r\n' });
        assert.deepEqual(errors, []);
        assert.deepEqual(
          data,
          rows.map((row) => row.map(String)),
        );
      }),
      runs(3),
    );
  });

  it('quotes an empty cell that stands alone', () => {
    assert.equal(csvLine([null]), '""\r\n');
    assert.equal(csvLine([null, '']), ',\r\n');
    assert.equal(csvLine([1n, true, 0.5]), '1,true,0.5\r\n');
  });
});

const info = (name: string, ...shape: (number | null)[]): TensorInfo => ({
  name,
  type: 'float32',
  shape: [null, ...shape],
});
const image = info('x', 4, 4, 3);

function model(outputs: TensorInfo[], cards: Record<string, KindCard>): Asked['model'] {
  const signature = { inputs: [image], outputs };
  return { outputs, kinds: kindsOf({ signature, hints: null }, { outputs: cards }).kinds };
}

describe('writeCsv', () => {
  const write = ({ outputs: infos, kinds }: Asked['model'], rows: number[][]) => {
    const outputs: Tensors = Object.fromEntries(
      infos.map(({ name, shape }, index) => {
        const width = shape.slice(1).reduce<number>((product, size) => product * size!, 1);
        return [
          name,
          {
            type: 'float32',
            shape: [rows[index]!.length / width, ...shape.slice(1)] as number[],
            data: Float32Array.from(rows[index]!),
          },
        ];
      }),
    );
    return Buffer.concat(writeCsv({ outputs, infos, kinds: kinds.outputs, maxSize: 1000 })).toString();
  };

  it('has columns of each kind', () => {
    const labels = ['a, b', 'c'];
    const cases: [output: TensorInfo, card: KindCard, row: number[], text: string][] = [
      [info('y', 2), { kind: 'classes', labels }, [0.25, 0.75], 'label,probability\r\nc,0.75\r\n'],
      [info('y', 1), { kind: 'binary', labels, threshold: 0.9 }, [0.75], 'label,probability\r\n"a, b",0.25\r\n'],
      [info('y', 2), { kind: 'multi-label', labels }, [0.25, 0.75], '"a, b",c\r\n0.25,0.75\r\n'],
      [info('y', 1), { kind: 'number', name: 'price', scale: 10 }, [1, 2], 'price\r\n10\r\n20\r\n'],
      [info('y', 1), { kind: 'number' }, [Number.NaN], 'y\r\n""\r\n'],
      [info('y', 2), { kind: 'number', names: ['low', 'high'] }, [1, 2], 'low,high\r\n1,2\r\n'],
      [info('y', 2), { kind: 'number' }, [1, 2], 'y[0],y[1]\r\n1,2\r\n'],
      [
        info('y', 2, 2),
        { kind: 'tensor' },
        [1, 2, 3, Number.POSITIVE_INFINITY],
        'y[0][0],y[0][1],y[1][0],y[1][1]\r\n1,2,3,\r\n',
      ],
    ];
    for (const [output, card, row, text] of cases) assert.equal(write(model([output], { y: card }), [row]), text);
  });

  it('has the outputs’ names before what others may have too', () => {
    const outputs = [info('sort', 2), info('size', 1), info('price', 1)];
    const cards = {
      sort: { kind: 'classes' },
      size: { kind: 'number' },
      price: { kind: 'number', name: 'in dollars' },
    };
    assert.equal(
      write(model(outputs, cards), [
        [1, 0, 0, 1],
        [3, 4],
        [5, 6],
      ]),
      'sort.label,sort.probability,size,price.in dollars\r\n0,1,3,5\r\n1,1,4,6\r\n',
    );
  });

  it('refuses what would be longer than a reply may be', () => {
    assert.throws(() => write(model([info('y', 1)], { y: { kind: 'number' } }), [new Array(1000).fill(0.1)]), {
      code: 'content_too_large',
    });
  });
});

describe('chooseFormat', () => {
  const outputs = [info('mask', 4, 4, 1), info('sort', 2), info('open', null)];
  const cards = { mask: { kind: 'mask' }, sort: { kind: 'classes' }, open: { kind: 'tensor' } };
  const several = model(outputs, cards);

  it('takes the form that is wanted most of those that there can be', () => {
    assert.deepEqual(
      picturesOf(several).map(({ name }) => name),
      ['mask'],
    );
    const asked = (output?: number, rows = 1): Asked => ({ model: several, output: outputs[output ?? -1], rows });
    const cases: [accept: string | undefined, asked: Asked, mediaType: string, names: string][] = [
      [undefined, asked(), 'application/json', 'mask,sort,open'],
      ['image/png', asked(), 'image/png', 'mask'],
      ['text/csv', asked(1), 'text/csv', 'sort'],
      ['text/csv, */*;q=0.1', asked(), 'application/json', 'mask,sort,open'],
      ['image/png, */*;q=0.1', asked(undefined, 2), 'application/json', 'mask,sort,open'],
      ['text/html', asked(), 'application/json', 'mask,sort,open'],
    ];
    for (const [accept, given, mediaType, names] of cases) {
      const { format, outputs } = chooseFormat(accept, given);
      assert.deepEqual([format.mediaType, outputs.map(({ name }) => name).join()], [mediaType, names], accept);
    }
    const refused: [accept: string, asked: Asked, message: RegExp][] = [
      [
        'image/png',
        asked(1),
        /^image\/png is for a mask or an image, and "sort" is none\. Pick \?output=mask\. Ask for application\/json/,
      ],
      ['image/png', asked(undefined, 2), /for one datapoint, and there are 2/],
      ['text/csv', asked(), /"mask", a mask, can't be\. Pick \?output=sort\./],
      ['text/csv', asked(2), /"open", a tensor, can't be/],
      ['application/json;q=0, text/csv', asked(2), /"open"/],
    ];
    for (const [accept, given, message] of refused)
      assert.throws(() => chooseFormat(accept, given), { code: 'not_acceptable', message });
  });
});
