import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layerTable } from '../src/onnx/layers/index.js';
import type { ApplicationResult } from './applications.js';
import { clientsSection } from './clients/report.js';
import { kerasTestsSection } from './keras-tests/report.js';
import type { LayerResult } from './layers.js';
import type { PublishedResult } from './published.js';
import type { WildCounts } from './wild.js';

/** What there is to conform to. */
export interface Catalogue {
  /** Of Keras. */
  version: string;
  applications: string[];
  layers: string[];
}

const root = join(import.meta.dirname, '..');

const exponent = (error: number | undefined): string => (error === undefined ? '' : error.toExponential(1));

const table = (head: string[], rows: (string | number)[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Layers that a case cannot be about, and why. */
const withoutCase: Record<string, string> = {
  GRUCell: 'in the cases of `RNN`',
  SimpleRNNCell: 'in the cases of `RNN`',
  Wrapper: 'the base class of wrappers',
  TFSMLayer: 'refused: it calls a SavedModel on disk',
  TorchModuleWrapper: 'refused: it calls PyTorch',
  JaxLayer: 'refused: it calls JAX',
  FlaxLayer: 'refused: it calls JAX',
};

function layerSection({ layers }: Catalogue, results: readonly LayerResult[], tensorflow: string): string {
  const known = new Map(results.map((result) => [result.layer, result]));
  const row = (result: LayerResult): (string | number)[] => {
    const { layer, cases, worst, halfCases, worstHalf, tensorflowCases, worstTensorflow, failed } = result;
    return [
      `\`${layer}\``,
      cases || '',
      cases ? exponent(worst) : '',
      halfCases || '',
      halfCases ? exponent(worstHalf) : '',
      tensorflowCases || '',
      tensorflowCases ? exponent(worstTensorflow) : '',
      failed.length ? `**${failed.length} wrong** (${failed[0]})` : '',
    ];
  };
  const head = ['', 'ONNX Runtime', 'Worst error', 'Half precision', 'Worst error', tensorflow, 'Worst error', ''];
  const blank = (name: string): (string | number)[] => [
    `\`${name}\``,
    '',
    '',
    '',
    '',
    '',
    '',
    withoutCase[name] ?? (Object.hasOwn(layerTable, name) ? 'compiled, without a case' : 'not supported'),
  ];
  const named = layers.map((name) =>
    known.get(name)?.cases || known.get(name)?.failed.length ? row(known.get(name)!) : blank(name),
  );
  const others = results.filter(({ layer }) => !layers.includes(layer));
  const operations = others.filter(({ layer }) => /^(ops\.|operator |TFOpLambda|SlicingOpLambda)/.test(layer));
  const topics = others.filter((result) => !operations.includes(result));
  return [
    '## Layers',
    'Every class of `keras.layers`. A case is a tiny model that real Keras wrote, with random weights and input; it must be met',
    'within 1e-4 of the scale of the output, or 1e-2 where the model itself computes in half precision. The columns are the',
    `engines: how many of the cases run, and the worst error. On ${tensorflow} those run that TensorFlow.js's layers can express:`,
    `${results.reduce((sum, { tensorflowCases }) => sum + tensorflowCases, 0)} cases; the others are refused by name.`,
    '',
    table(head, named),
    '',
    'Layers of Keras 1 and 2 that Keras 3 has no more, whole models, containers and dtype policies:',
    '',
    table(head, topics.map(row)),
    '',
    '## Operations',
    'Functions of `keras.ops`, Python operators and those of TensorFlow on symbolic tensors.',
    '',
    table(head, operations.map(row)),
  ].join('\n');
}

function applicationSection({ applications, version }: Catalogue, results: readonly ApplicationResult[]): string {
  const rows = applications.flatMap((name) => {
    const mine = results.filter((result) => result.name === name);
    if (!mine.length) return [[name, '', '', '', '', '', 'not run']];
    return mine.map(({ container, parameters, input, error, argmax, errorInPython, failed }) => [
      name,
      `\`${container}\``,
      parameters ? `${(parameters / 1e6).toFixed(1)} M` : '',
      input?.join('×') ?? '',
      exponent(error),
      exponent(errorInPython),
      failed ? `**${failed.replaceAll('|', '/').replaceAll('\n', ' ')}**` : argmax ? 'the same' : '**another**',
    ]);
  });
  const opsets = [...new Set(results.map(({ opset }) => opset).filter(Boolean))].join(', ');
  return [
    '## Applications',
    `Every model of \`keras.applications\` (Keras ${version}) at its own input size, with random weights and random images: built`,
    'and saved by Keras, compiled and run by keras-serve, and its exported ONNX checked by `onnx.checker` with full checks and run',
    `by ONNX Runtime in Python${opsets ? ` (opset ${opsets})` : ''}. An error is the greatest difference from Keras's probabilities, as a part of the greatest of them; 1e-3 is let pass.`,
    '',
    table(['', 'Saved as', 'Parameters', 'Input', 'Error', 'Error of the ONNX in Python', 'Argmax'], rows),
  ].join('\n');
}

function byNameSection({ applications }: Catalogue, results: readonly PublishedResult[]): string {
  const rows = applications.map((name) => {
    const { renamed, error, failed = '' } = results.find((result) => result.name === name) ?? { failed: 'not run' };
    return [`\`${name.toLowerCase()}\``, renamed ?? '', exponent(error), failed && `**${failed}**`];
  });
  return [
    '### By name',
    'With the architectures, preprocessing and labels that come with keras-serve, and weights in the layout of those that Keras',
    'publishes: Keras 2 wrote them, calling layers that number themselves by other numbers; Keras 3 loaded them and classified',
    'images through `preprocess_input` and `decode_predictions`. Errors are those of the whole way from the pixels.',
    '',
    table(['', 'Layers called something else', 'Error', ''], rows),
  ].join('\n');
}

function wildSection(): string {
  const file = join(import.meta.dirname, 'wild.json');
  if (!existsSync(file)) return '';
  const counts: WildCounts = JSON.parse(readFileSync(file, 'utf8'));
  const list = (found: Record<string, number>) =>
    Object.entries(found)
      .sort(([, a], [, b]) => b - a)
      .map(([name, number]) => `${name} ${number}`)
      .join(', ');
  const refused = Object.values(counts.refused).reduce((sum, number) => sum + number, 0);
  return [
    '## In the wild',
    `${counts.files} different model files that people published in ${counts.repositories} public repositories, as they were found. Keras answered`,
    'a random input for each; the Keras of the file’s own generation was asked first.',
    '',
    `- What they are: ${list(counts.containers)}.`,
    `- Written by: ${list(counts.writtenBy)}.`,
    '',
    table(
      ['Outcome', 'Files'],
      [
        [
          `keras-serve answers what Keras answers (worst error ${exponent(counts.worst)})`,
          counts.equal - counts.roughly,
        ],
        [
          'the same as closely as the model computes: half precision, or moved as far by the last bit of its input',
          counts.roughly,
        ],
        ['keras-serve answers something else', counts.different],
        ['keras-serve fails', counts.failed],
        ['keras-serve runs it, and no Keras here loads it', counts.withoutReference],
        ['refused', refused],
      ],
    ),
    '',
    'Why they are refused:',
    '',
    table(
      ['Reason', 'Files'],
      Object.entries(counts.refused).sort(([, a], [, b]) => b - a),
    ),
    '',
    'None of these files is part of this project.',
  ].join('\n');
}

/** Writes docs/conformance.md. */
export function writeReport(
  catalogue: Catalogue,
  layers: readonly LayerResult[],
  applications: readonly ApplicationResult[],
  byName: readonly PublishedResult[],
  tensorflow: string,
): void {
  const cases = layers.reduce((sum, { cases, halfCases }) => sum + cases + halfCases, 0);
  const wrong = layers.reduce((sum, { failed }) => sum + failed.length, 0);
  const text = [
    '# Conformance',
    '',
    `What keras-serve answers, measured against real Keras. Written by \`npm run conformance\`; see`,
    '[conformance/README.md](../conformance/README.md).',
    '',
    `${cases} cases about layers and operations are Keras's own answer, ${wrong} are not.`,
    '',
    applicationSection(catalogue, applications),
    '',
    byNameSection(catalogue, byName),
    '',
    wildSection(),
    '',
    kerasTestsSection(),
    '',
    clientsSection(),
    '',
    layerSection(catalogue, layers, tensorflow),
    '',
  ].join('\n');
  mkdirSync(join(root, 'docs'), { recursive: true });
  writeFileSync(join(root, 'docs', 'conformance.md'), text);
}
