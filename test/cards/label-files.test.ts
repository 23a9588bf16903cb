import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { type FoundLabels, LabelsError, labelFiles, readLabelFiles } from '../../src/cards/label-files.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keras-serve-labels-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (file: string, content: string | Uint8Array) => writeFileSync(join(folder, file), content);

async function read(): Promise<(FoundLabels | LabelsError)[]> {
  const all: (FoundLabels | LabelsError)[] = [];
  for await (const found of readLabelFiles(folder, existsSync(folder) ? readdirSync(folder) : [])) all.push(found);
  return all;
}

/** What one file is read as. */
async function readAs(file: string, content: string | Uint8Array): Promise<FoundLabels | LabelsError | undefined> {
  write(file, content);
  const [found, ...others] = await read();
  assert.deepEqual(others, []);
  return found;
}

describe('label files', () => {
  it('may have capital letters in their names; in small letters they go first', async () => {
    write('Labels.TXT', 'one');
    assert.deepEqual(
      (await read()).map(({ file }) => file),
      ['Labels.TXT'],
    );
    write('labels.txt', 'two');
    assert.deepEqual(
      (await read()).map(({ file }) => file),
      ['labels.txt'],
    );
  });

  const good: [file: string, content: string, labels: unknown, numbered?: boolean][] = [
    ['labels.txt', 'cat\ndog\nmug\n', ['cat', 'dog', 'mug']],
    ['labels.txt', '0 Cat\n1 Guinea pig\n', ['Cat', 'Guinea pig'], true],
    ['labels.txt', '0 가위\n1 바위\n2 보\n', ['가위', '바위', '보'], true],
    ['labels.txt', '0 0\n1 1\n2 2\n', ['0', '1', '2'], true],
    ['labels.txt', '1 dog\r\n0 cat\r\n', ['cat', 'dog'], true],
    ['labels.txt', '1. cat\n2. dog\n', ['cat', 'dog'], true],
    ['labels.txt', '0:cat\n1:dog\n', ['cat', 'dog'], true],
    ['labels.txt', '0 - cat\n1 - dog\n', ['cat', 'dog'], true],
    ['labels.txt', '0\tcat\n1\tdog\n', ['cat', 'dog'], true],
    ['labels.txt', '7 up\n8 ball\n', ['7 up', '8 ball']],
    ['labels.txt', '0-1\n1-2\n2-3\n', ['0-1', '1-2', '2-3']],
    ['labels.txt', '0.5\n1.5\n', ['0.5', '1.5']],
    ['labels.txt', '0:30\n1:00\n', ['0:30', '1:00']],
    ['labels.txt', '0\n1\n2\n', ['0', '1', '2']],
    ['labels.txt', '0 cat\n1 dog\nmug\n', ['0 cat', '1 dog', 'mug']],
    ['labels.txt', '0 cat\n0 dog\n', ['0 cat', '0 dog']],
    ['labels.txt', '1 Euro\n2 Euro\n3 Euro\n', ['1 Euro', '2 Euro', '3 Euro']],
    ['labels.txt', '0 dots\n1 dot\n2 dots\n', ['0 dots', '1 dot', '2 dots']],
    ['labels.txt', '1 Euro\n2 Euros\n', ['1 Euro', '2 Euros']],
    ['labels.txt', '1 Hund\n2 Hunde\n', ['1 Hund', '2 Hunde']],
    ['labels.txt', '1. Bundesliga\n2. Bundesliga\n', ['1. Bundesliga', '2. Bundesliga']],
    ['labels.txt', '0 Cat\n1 Dog\n2 Cat\n', ['0 Cat', '1 Dog', '2 Cat']],
    ['labels.txt', '0 - 1\n1 - 2\n', ['0 - 1', '1 - 2']],
    ['labels.txt', '0 – 9 years\n1 – 10 years\n', ['0 – 9 years', '1 – 10 years']],
    ['labels.txt', '0 to 1\n1 to 2\n', ['0 to 1', '1 to 2']],
    ['labels.txt', '0 Cat\n2 Dog\n', ['0 Cat', '2 Dog']],
    ['labels.txt', '0 Cat\n', ['Cat'], true],
    ['labels.txt', '0 Class 1\n1 Class 2\n', ['Class 1', 'Class 2'], true],
    ['labels.txt', '0 car\n1 cart\n', ['car', 'cart'], true],
    ['labels.txt', '0 cat\n1 cats\n2 dog\n', ['cat', 'cats', 'dog'], true],
    ['labels.txt', '0 Tomcat\n1 Toad\n', ['Tomcat', 'Toad'], true],
    [
      'labels.txt',
      '0 a\n1 b\n10 k\n2 c\n3 d\n4 e\n5 f\n6 g\n7 h\n8 i\n9 j\n',
      ['0 a', '1 b', '10 k', '2 c', '3 d', '4 e', '5 f', '6 g', '7 h', '8 i', '9 j'],
    ],
    ['labels.txt', '\uFEFFcat\r\ndog\r\n\r\n\r\n', ['cat', 'dog']],
    ['labels.txt', 'cat\rdog', ['cat', 'dog']],
    ['labels.txt', '  cat \n\n\tdog\n', ['cat', 'dog']],
    [
      'class_names.txt',
      'n02123045 tabby\nn02099601 golden retriever\n',
      [
        ['n02123045', 'tabby'],
        ['n02099601', 'golden retriever'],
      ],
    ],
    ['classes.txt', 'drums\nsun', ['drums', 'sun']],
    ['labels.json', '["cat", "dog"]', ['cat', 'dog']],
    ['labels.json', '\uFEFF[0, 1.5, "x"]', ['0', '1.5', 'x']],
    ['labels.json', '[["n02123045", "tabby"]]', [['n02123045', 'tabby']]],
    [
      'labels.json',
      '{"1": "dog", "0": "cat", "10": "l", "2": "d", "3": "e", "4": "f", "5": "g", "6": "h", "7": "i", "8": "j", "9": "k"}',
      ['cat', 'dog', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'],
    ],
    [
      'labels.json',
      '{"0": ["n02123045", "tabby"], "1": ["n02099601", "retriever"]}',
      [
        ['n02123045', 'tabby'],
        ['n02099601', 'retriever'],
      ],
    ],
    ['labels.json', '{"cat": 1, "dog": 0}', ['dog', 'cat']],
    ['labels.json', '{"0": 7, "1": 9}', ['7', '9']],
    ['labels.json', '{"labels": ["cat", "dog"]}', ['cat', 'dog']],
    ['class_names.json', '["cat"]', ['cat']],
    ['class_indices.json', '{"cats": 0, "dogs": 1}', ['cats', 'dogs']],
    ['class_indices.json', '{"7": 1, "3": 0}', ['3', '7']],
    ['class_indices.json', '{"0": "cats", "1": "dogs"}', ['cats', 'dogs']],
    [
      'metadata.json',
      '{"tmVersion": "2.4.5", "labels": ["Class 1", "Class 2"], "imageSize": 224}',
      ['Class 1', 'Class 2'],
    ],
    ['model_metadata.json', '{"accuracy": 0.9, "class_names": ["cat", "dog"], "threshold": 0.4}', ['cat', 'dog']],
    ['metadata.json', '{"class_indices": {"dog": 1, "cat": 0}}', ['cat', 'dog']],
    ['metadata.json', '{"classes": {"0": "cat", "1": "dog"}}', ['cat', 'dog']],
    ['config.json', '{"id2label": {"1": "dog", "0": "cat"}, "label2id": {"cat": 0, "dog": 1}}', ['cat', 'dog']],
    ['config.json', '{"classes": {"weights": [1, 2]}, "label2id": {"cat": 0, "dog": 1}}', ['cat', 'dog']],
    ['labels.json', '{"version": 2, "class_names": ["cat", "dog"]}', ['cat', 'dog']],
  ];
  for (const [file, content, labels, numbered = false] of good) {
    it(`reads ${file}: ${JSON.stringify(content).slice(0, 60)}`, async () => {
      assert.deepEqual(await readAs(file, content), { file, labels, numbered });
    });
  }

  for (const [order, mark] of [
    ['little-endian', '\uFEFF'],
    ['big-endian', '\uFEFF'],
    ['little-endian', ''],
    ['big-endian', ''],
  ] as const)
    it(`reads UTF-16, ${order} ${mark ? 'with' : 'without'} a byte order mark`, async () => {
      for (const labels of [
        ['käse', 'bröd'],
        ['一', '猫', '狗'],
        ['🐈', 'Āā'],
      ]) {
        const bytes = Buffer.from(`${mark}${labels.join('\r\n')}\r\n`, 'utf16le');
        const found = await readAs('labels.txt', order === 'big-endian' ? bytes.swap16() : bytes);
        assert.deepEqual(found, { file: 'labels.txt', labels, numbered: false });
      }
    });

  const bad: [file: string, content: string | Uint8Array, message: RegExp][] = [
    ['labels.txt', '', /^labels\.txt is empty$/],
    ['labels.txt', '\n \r\n', /is empty/],
    ['labels.txt', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 1), /is no text in UTF-8/],
    ['labels.txt', Buffer.from('k\xe4se\n', 'latin1'), /is no text in UTF-8/],
    ['labels.txt', 'cat\0dog\n', /is no text in UTF-8/],
    ['labels.txt', Buffer.from('ca\0t\n\n', 'utf16le'), /is no text in UTF-8 or UTF-16$/],
    ['labels.txt', Uint8Array.of(0xff, 0xfe, 0, 0, 0x63, 0, 0, 0), /is no text in UTF-8 or UTF-16$/],
    ['labels.txt', Buffer.alloc(4096), /is no text in UTF-8 or UTF-16$/],
    ['labels.txt', '\u001b[31mcat\n', /is no text in UTF-8/],
    ['labels.txt', 'x'.repeat(1001), /longer than 1000 characters/],
    ['labels.txt', `0${' '.repeat(500_000)}\u2028x`, /longer than 1000/],
    ['labels.txt', 'x\n'.repeat(1_000_001), /more than 1000000 labels/],
    ['labels.json', '["cat"', /is no JSON/],
    ['labels.json', '{"0": "cat", "1": "dog", "1": "cow"}', /has the key "1" twice in one object, again at byte 25$/],
    ['metadata.json', '{"labels": ["cat", "dog"], "labels": ["dog", "cat"]}', /has the key "labels" twice/],
    ['labels.json', '['.repeat(1_000_000), /is no JSON/],
    ['labels.json', 'null', /should be a list of labels/],
    ['labels.json', '"cat"', /should be a list of labels/],
    ['labels.json', '[]', /is empty/],
    ['labels.json', '{}', /should be a list|is empty/],
    ['labels.json', '["cat", null]', /should be a list of labels/],
    ['labels.json', '["cat", ""]', /has a label that is empty/],
    ['labels.json', '["\\u001b[2Jcat"]', /control characters/],
    ['labels.json', '{"0": "cat", "2": "dog"}', /should be a list of labels/],
    ['labels.json', '{"0": "cat", "dog": 1}', /should be a list of labels/],
    ['class_indices.json', '{"cat": 0, "dog": 0}', /should be a list of labels/],
    ['class_indices.json', '{"cat": 0, "dog": 1000000000}', /should be a list of labels/],
    ['class_indices.json', '{"cat": -1, "dog": 0.5}', /should be a list of labels/],
    ['class_indices.json', '{"__proto__": "x", "constructor": 0}', /should be a list of labels/],
  ];
  for (const [file, content, message] of bad) {
    it(`refuses ${file}: ${JSON.stringify(String(content).slice(0, 40))}`, async () => {
      const found = await readAs(file, content);
      assert.ok(found instanceof LabelsError, JSON.stringify(found));
      assert.match(found.message, message);
      assert.equal(found.file, file);
    });
  }

  it('refuses 50 MB without reading them', async () => {
    write('labels.txt', 'cat\n');
    truncateSync(join(folder, 'labels.txt'), 50 * 2 ** 20);
    const [found] = await read();
    assert.match((found as LabelsError).message, /^labels\.txt has more than 16 MB$/);
  });

  it('refuses what is no file, and does not wait for a pipe', async () => {
    mkdirSync(join(folder, 'labels.txt'));
    execFileSync('mkfifo', [join(folder, 'class_names.txt')]);
    symlinkSync('/dev/zero', join(folder, 'classes.txt'));
    symlinkSync(join(folder, 'labels.json'), join(folder, 'labels.json'));
    const all = await read();
    assert.deepEqual(
      all.map((found) => (found as LabelsError).message),
      [
        'labels.txt is a folder, no file',
        'class_names.txt is a pipe, no file',
        'classes.txt is a device, no file',
        "labels.json can't be read (ELOOP)",
      ],
    );
  });

  it('finds nothing in an empty folder, in none, and in metadata that is about something else', async () => {
    assert.deepEqual(await read(), []);
    write('metadata.json', '{"keras_version": "3.9.0"}');
    assert.deepEqual(await read(), []);
    rmSync(folder, { recursive: true });
    assert.deepEqual(await read(), []);
    mkdirSync(folder);
  });

  it('gives every file there is, in the order in which they count', async () => {
    for (const file of labelFiles) write(file, file.endsWith('txt') ? 'cat' : '{"labels": ["cat"]}');
    assert.deepEqual(
      (await read()).map(({ file }) => file),
      labelFiles,
    );
  });

  it('takes any bytes for labels or refuses them', async () => {
    await fc.assert(
      fc
        .asyncProperty(
          fc.constantFrom(...labelFiles),
          fc.oneof(
            fc.uint8Array({ maxLength: 200 }),
            fc.string({ unit: 'binary' }),
            fc.json(),
            fc
              .array(fc.tuple(fc.nat(5), fc.string()), { maxLength: 6 })
              .map((lines) => lines.map((line) => line.join(' ')).join('\n')),
          ),
          async (file, content) => {
            const found = await readAs(file, content);
            if (!found || found instanceof LabelsError) return;
            assert.ok(found.labels.length > 0);
            for (const text of found.labels.flat())
              assert.ok(text.length > 0 && text.length <= 1000 && !/\p{Cc}/u.test(text));
          },
        )
        .afterEach(() => {
          for (const file of labelFiles) rmSync(join(folder, file), { force: true });
        }),
      { numRuns: 300 },
    );
  });
});
