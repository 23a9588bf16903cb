/**
 * Strings to numbers: by ONNX Runtime's own operators (LabelEncoder, StringSplit) and by our steps beside it; and what a vocabulary of a
 * million words takes. `node --expose-gc --import tsx bench/strings.ts`
 */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InferenceSession, Tensor } from '../src/inference/onnxruntime.js';
import { encodeOnnx } from '../src/onnx/encode.js';
import { GraphBuilder } from '../src/onnx/graph.js';
import { planPath, type StringPlan, type StringStep } from '../src/strings/plan.js';
import { readPlan, writePlan } from '../src/strings/plan-file.js';
import { StringSteps } from '../src/strings/run-steps.js';
import { stringsOf, tensorOfTexts } from '../src/support/strings.js';
import type { Tensor as PlainTensor } from '../src/support/tensor.js';
import { temporaryFolder } from '../test/helpers/folder.js';

const rounds = 21;

/** The median of what a body takes, in milliseconds. */
async function median(body: () => Promise<unknown> | unknown): Promise<string> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await body();
    times.push(performance.now() - start);
  }
  return `${times.sort((a, b) => a - b)[rounds >> 1]!.toFixed(1)} ms`;
}

/** A word for each number, of up to ten characters. */
const word = (index: number): string => `${index.toString(36)}${'ABCDEFGH'.slice(0, (index * 7) % 8)}`;

const plan = (before: StringStep[], words: readonly string[]): StringPlan => {
  const [vocabulary, none] = [words, []].map((texts) => stringsOf(tensorOfTexts(texts)));
  return { inputs: [], outputs: [], results: [], before, after: [], vocabularies: [vocabulary!], words: none! };
};
const lookUp = (from: string, to: string): StringStep => ({
  op: 'look-up',
  from,
  to,
  vocabulary: 0,
  first: 1,
  unknown: { index: 0 },
});

async function operators(words: readonly string[]) {
  const graph = new GraphBuilder();
  const texts = graph.input('texts', 'string', [null]);
  const attributes = { keys_strings: words, values_int64s: words.map((_, index) => index + 1), default_int64: 0 };
  const [found] = graph.node('ai.onnx.ml.LabelEncoder', [texts], attributes, [{ type: 'int64', shape: [null] }]);
  graph.output('found', found!);
  const options = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const lookUp = await InferenceSession.create(encodeOnnx(graph).toBuffer(), options);

  const splitting = new GraphBuilder();
  const whole = splitting.input('texts', 'string', [null]);
  const results = [
    { type: 'string', shape: [null, null] },
    { type: 'int64', shape: [null] },
  ] as const;
  const [split] = splitting.node('StringSplit', [whole], {}, results);
  const [numbers] = splitting.node('ai.onnx.ml.LabelEncoder', [split], attributes, [
    { type: 'int64', shape: [null, null] },
  ]);
  splitting.output('found', numbers!);
  return { lookUp, split: await InferenceSession.create(encodeOnnx(splitting).toBuffer(), options) };
}

const vocabulary = Array.from({ length: 20_000 }, (_, index) => word(index));
const strings = Array.from({ length: 10_000 }, (_, index) => word((index * 7919) % 25_000));
const sentences = Array.from({ length: 10_000 }, (_, row) =>
  Array.from({ length: 20 }, (_, index) => word((row * 31 + index * 7919) % 25_000)).join(' '),
);
const { lookUp: looking, split: splitting } = await operators(vocabulary);
const own = new StringSteps(plan([], vocabulary));
const run = (steps: StringStep[], texts: PlainTensor) => own.run(steps, new Map([['texts', texts]]));

const rows: [what: string, operators: string, own: string][] = [];
const bytes = tensorOfTexts(strings);
rows.push([
  '10,000 strings in a vocabulary of 20,000',
  await median(() => looking.run({ texts: new Tensor('string', strings, [strings.length]) })),
  await median(() => run([lookUp('texts', 'found')], bytes)),
]);
const many = tensorOfTexts(sentences);
const steps: StringStep[] = [
  { op: 'split', from: 'texts', to: 'words', at: 'whitespace' },
  lookUp('words', 'found'),
  { op: 'pad', from: 'found', to: 'padded', length: null },
];
rows.push([
  '10,000 texts of 20 words split, in the same',
  await median(() => splitting.run({ texts: new Tensor('string', sentences, [sentences.length]) })),
  await median(() => run(steps, many)),
]);
rows.push([
  'the same in lower case without punctuation',
  'no operator',
  await median(() =>
    run(
      [
        { op: 'standardize', from: 'texts', to: 'plain', how: 'lower_and_strip_punctuation' },
        { op: 'split', from: 'plain', to: 'words', at: 'whitespace' },
        ...steps.slice(1),
      ],
      many,
    ),
  ),
]);
rows.push([
  '10,000 strings hashed',
  'no operator',
  await median(() => run([{ op: 'hash', from: 'texts', to: 'found', hashing: { bins: 1000 } }], bytes)),
]);
rows.push([
  '10,000 strings hashed under a key',
  'no operator',
  await median(() =>
    run([{ op: 'hash', from: 'texts', to: 'found', hashing: { bins: 1000, salt: ['1', '2'] } }], bytes),
  ),
]);
console.log('| | ONNX Runtime’s operators | our steps |\n|---|---|---|');
for (const row of rows) console.log(`| ${row.join(' | ')} |`);

// Words as they are in a language: the more there are, the longer.
const million = Array.from({ length: 1_000_000 }, (_, index) => word(index + 40_000));
const folder = temporaryFolder();
const file = join(folder, 'vocabulary.txt');
writeFileSync(file, million.join('\n'));
const model = join(folder, 'model');
await writePlan(planPath(model), plan([lookUp('texts', 'found')], million));
million.length = 0;
const collect = (globalThis as { gc?: () => void }).gc;
const memory = async () => {
  // Arrays are given back some time after they are collected.
  for (let time = 0; time < 3; time++) {
    collect?.();
    await sleep(200);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const before = await memory();
const start = performance.now();
const loaded = new StringSteps(await readPlan(planPath(model)));
const milliseconds = performance.now() - start;
const taken = (await memory()) - before;
loaded.run([lookUp('texts', 'found')], new Map([['texts', tensorOfTexts(['a'])]]));
const { size } = statSync(file);
console.log(
  `\nA vocabulary of 1,000,000 words: ${(size / 1e6).toFixed(1)} MB as text, ${(taken / 1e6).toFixed(1)} MB in memory, ` +
    `loaded in ${milliseconds.toFixed(0)} ms.`,
);
