import type { ModelCard } from '../../schemas/card.js';
import { findModel } from '../catalog/find-model.js';
import type { Assumption } from '../datapoints/kind.js';
import type { Claimed } from '../datapoints/kinds.js';
import { compileInProcess } from '../inference/compile-process.js';
import type { ModelHints } from '../inference/model-hints.js';
import type { LayerSummary, ModelSummary, TensorSummary } from '../onnx/summary.js';
import { CardError } from '../support/card-error.js';
import { type TensorInfo, tensorArrays } from '../support/tensor.js';
import type { CommandInput } from './command.js';
import { showDownload } from './download-bar.js';
import { CommandError } from './errors.js';
import { modelOptions } from './model-flags.js';
import { type Column, formatTable, printable } from './table.js';

/** What `keras-serve inspect` does: loaded when it is run. */
export async function runInspect({ positionals: [model], flags, config: { weightsUrl } }: CommandInput): Promise<void> {
  const { weights: given, inputShape, signature } = modelOptions(flags);
  const onDownload = showDownload(process.stderr);
  const { path, weights, card } = await findModel(model!, { weights: given, weightsUrl, onDownload });
  const { hints, ...summary } = await compileInProcess('inspect', { path, weights, inputShape, signature });
  let wrongCard: CardError | undefined;
  // What is in the file is told all the same.
  const meaning = await meaningOf(path, summary, hints, card).catch((error) => {
    if (!(error instanceof CardError)) throw error;
    wrongCard = error;
    return undefined;
  });
  const width = process.stdout.columns ?? 100;
  if (flags.json) console.log(JSON.stringify({ ...summary, ...meaning }, null, 2));
  else {
    const lines = formatSummary(summary, width, flags['expand-nested'] === true);
    console.log([...lines, ...(meaning ? formatMeaning(meaning, width) : [])].join('\n'));
  }
  if (wrongCard) throw wrongCard;
  if (summary.problem) throw new CommandError(`${model}: ${summary.problem}`);
}

/** What a model is to people, as it would be served. */
interface Meaning {
  kinds: Record<'inputs' | 'outputs', Record<string, string>>;
  assumptions: Assumption[];
}

/** @throws CardError */
async function meaningOf(
  file: string,
  { inputs, outputs }: ModelSummary,
  hints: ModelHints | null,
  own: ModelCard | undefined,
): Promise<Meaning | undefined> {
  // What runs nowhere has no meaning; types of other libraries are none of ours.
  const isServed = (infos: readonly TensorSummary[]): infos is TensorInfo[] =>
    infos.every(({ type }) => Object.hasOwn(tensorArrays, type));
  if (outputs === null || !isServed(inputs) || !isServed(outputs)) return undefined;
  const [{ readCard }, { inferCard }] = await Promise.all([
    import('../cards/card.js'),
    import('../cards/inferred-card.js'),
  ]);
  const given = own ?? (await readCard(file));
  const { kinds, assumptions } = await inferCard({ signature: { inputs, outputs }, hints }, { file, given });
  const names = (claimed: Record<string, Claimed>) =>
    Object.fromEntries(Object.entries(claimed).map(([name, { kind }]) => [name, kind]));
  return { kinds: { inputs: names(kinds.inputs), outputs: names(kinds.outputs) }, assumptions };
}

function formatMeaning({ kinds, assumptions }: Meaning, width: number): string[] {
  const named = (side: Record<string, string>) => Object.entries(side).map(([name, kind]) => [`  ${name}`, kind]);
  const [, , ...taken] = formatTable(
    [{ title: '' }, { title: '' }],
    [...named(kinds.inputs), ...named(kinds.outputs)],
    width,
  );
  const rows = assumptions.map(({ key, value, text, certainty, basis }) => [
    `  ${key}`,
    text ?? JSON.stringify(value),
    certainty,
    basis,
  ]);
  const titles = ['  Assumed', 'Value', 'How sure', 'For'].map((title) => ({ title }));
  return ['', 'Kinds', ...taken, ...(rows.length > 0 ? ['', ...formatTable(titles, rows, width)] : [])];
}

const containers: Record<ModelSummary['container'], string> = {
  keras: 'a .keras archive',
  hdf5: 'an HDF5 file',
  json: 'an architecture in JSON',
  tensorflowjs: 'a TensorFlow.js layers model',
  onnx: 'an ONNX model',
  'saved-model': 'a TensorFlow SavedModel',
  'graph-model': 'a TensorFlow.js graph model',
};

const formatCount = (count: number) => count.toLocaleString('en-US');

/** A shape as Keras writes it: `(None, 28, 28, 1)`. */
export const formatShape = (shape: readonly (number | null)[]): string =>
  `(${shape.map((size) => size ?? 'None').join(', ')}${shape.length === 1 ? ',' : ''})`;

/**
 * A summary as lines of text.
 * @param width characters in a line
 */
export function formatSummary(summary: ModelSummary, width: number, expandNested: boolean): string[] {
  const { container, kerasVersion, name, className, inputs, outputs, layers, parameters, unsupported } = summary;
  const version = kerasVersion === null ? '' : ` of Keras ${printable(kerasVersion).slice(0, 40)}`;
  const title =
    name === null ? containers[container] : `${printable(name)} (${className}): ${containers[container]}${version}`;
  return [
    title,
    '',
    ...formatTensors('Inputs', inputs, width),
    '',
    ...formatTensors('Outputs', outputs ?? [], width),
    ...(layers.length > 0 ? ['', ...formatLayers(layers, className !== 'Sequential', width, expandNested)] : []),
    ...(parameters === null ? [] : ['', `Parameters: ${formatCount(parameters)}`]),
    ...(unsupported.length > 0 ? ['', ...formatUnsupported(summary)] : []),
  ];
}

function formatTensors(title: string, tensors: readonly TensorSummary[], width: number): string[] {
  if (tensors.length === 0) return [title, '  unknown, for not every layer is supported'];
  const rows = tensors.map(({ name, type, shape }) => [`  ${name}`, type, formatShape(shape)]);
  const [, , ...lines] = formatTable([{ title: '' }, { title: '' }, { title: '' }], rows, width);
  return [title, ...lines];
}

const columns: Column[] = [
  { title: 'Layer' },
  { title: 'Class' },
  { title: 'Output shape' },
  { title: 'Parameters', align: 'right' },
  { title: 'Connected to' },
];

function formatLayers(
  layers: readonly LayerSummary[],
  connected: boolean,
  width: number,
  expandNested: boolean,
): string[] {
  const rowsOf = (layer: LayerSummary, depth: number): string[][] => [
    [
      '  '.repeat(depth) + layer.name,
      layer.className,
      layer.outputs?.map(({ shape }) => formatShape(shape)).join(', ') ?? '?',
      layer.parameters === null ? '?' : formatCount(layer.parameters),
      layer.connectedTo.join(', '),
    ],
    ...(expandNested ? (layer.layers ?? []).flatMap((inner) => rowsOf(inner, depth + 1)) : []),
  ];
  const shown = connected ? 5 : 4;
  const rows = layers.flatMap((layer) => rowsOf(layer, 0)).map((row) => row.slice(0, shown));
  return formatTable(columns.slice(0, shown), rows, width);
}

const formatUnsupported = ({ unsupported }: ModelSummary): string[] => [
  `Not supported: ${unsupported.length === 1 ? '1 layer' : `${unsupported.length} layers`}`,
  ...unsupported.map(({ name, className, reason }) => printable(`  ${name} (${className}): ${reason}`)),
];
