import { findModel } from '../catalog/find-model.js';
import { compileInProcess } from '../inference/compile-process.js';
import type { LayerSummary, ModelSummary, TensorSummary } from '../onnx/summary.js';
import type { Command } from './command.js';
import { showDownload } from './download-bar.js';
import { CommandError } from './errors.js';
import { modelFlags, modelOptions } from './model-flags.js';
import { type Column, formatTable, printable } from './table.js';

/** `keras-serve inspect <model>`: what is in a model file. */
export const inspect: Command = {
  usage: 'inspect <model>',
  summary: 'Print what is in a model file: inputs, outputs, layers, and what is not supported',
  operands: { least: 1, most: 1 },
  flags: {
    ...modelFlags,
    'expand-nested': { type: 'boolean', description: 'Print the layers of nested models too' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  takesSettings: ['weightsUrl'],
  async run({ positionals: [model], flags, config: { weightsUrl } }) {
    const { weights: given, inputShape, signature } = modelOptions(flags);
    const onDownload = showDownload(process.stderr);
    const { path, weights } = await findModel(model!, { weights: given, weightsUrl, onDownload });
    const summary = await compileInProcess('inspect', { path, weights, inputShape, signature });
    if (flags.json) console.log(JSON.stringify(summary, null, 2));
    else console.log(formatSummary(summary, process.stdout.columns ?? 100, flags['expand-nested'] === true).join('\n'));
    if (summary.problem) throw new CommandError(`${model}: ${summary.problem}`);
  },
};

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
