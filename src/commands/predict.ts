import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { decodeText } from '../catalog/decode-text.js';
import { greyDepthNotice } from '../catalog/grey-depth.js';
import { InstancesError, jsonOf, tensorsOf } from '../catalog/instances.js';
import { loadServedModel, type ServedModel } from '../catalog/served-model.js';
import { type Config, formatBytes } from '../config.js';
import { reasonOf } from '../support/files.js';
import type { Tensors } from '../tensor.js';
import type { Command } from './command.js';
import { showDownload } from './download-bar.js';
import { CommandError, UsageError } from './errors.js';
import { modelFlags, modelOptions } from './model-flags.js';
import { printable } from './table.js';

/** `keras-serve predict <model> <image>...`: what the model makes of images or numbers, without a server. */
export const predict: Command = {
  usage: 'predict <model> [<image>...]',
  summary: 'Print the labels of images, or the outputs for numbers in JSON, without a server',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: {
    json: {
      type: 'string',
      value: 'file',
      description:
        'Numbers to predict, - for standard input: {"instances": [...]}, a nested array, or an object by input name',
    },
    'top-k': { type: 'string', value: 'number', description: 'How many labels to print (default 5)' },
    jsonl: { type: 'boolean', description: 'Print one JSON object a line, with the image file and its predictions' },
    ...modelFlags,
  },
  takesSettings: ['weightsUrl', 'engine'],
  async run({ positionals: [path, ...files], flags, config }) {
    const { json, 'top-k': topK = '5' } = flags;
    if (!/^[1-9]\d*$/.test(String(topK))) throw new UsageError('--top-k must be a whole number from 1');
    if ((json === undefined) === (files.length === 0))
      throw new UsageError('Give either images, or --json with a file of numbers (- for standard input)');
    const input = json === undefined ? undefined : await readJson(String(json));
    const { weightsUrl, engine } = config;
    const onDownload = showDownload(process.stderr);
    const model = await loadServedModel(path!, {
      ...modelOptions(flags),
      weightsUrl,
      engine,
      onDownload,
      processes: 1,
    });
    for (const { level, message } of model.notes) if (level === 'warn') console.error(printable(message));
    try {
      if (json !== undefined) await predictJson(model, input, json === '-' ? 'standard input' : String(json));
      else await classifyImages(model, files, { topK: Number(topK), jsonl: flags.jsonl === true, config });
    } finally {
      await model.close();
    }
  },
};

/** The most bytes of JSON that are read: V8 has no longer strings. */
const maxJsonBytes = 2 ** 29 - 24;

async function readJson(file: string): Promise<unknown> {
  const bytes = await read(file);
  if (bytes.length > maxJsonBytes) throw new CommandError(`${file}: more than ${formatBytes(maxJsonBytes)} of JSON`);
  const text = decodeText(bytes);
  if (text === undefined) throw new CommandError(`${file}: that is no text in UTF-8 or UTF-16`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`${file}: that is no JSON: ${(cause as Error).message}`, { cause });
  }
}

async function predictJson(model: ServedModel, input: unknown, source: string): Promise<void> {
  const { outputs } = await model.predict(tensorsFrom(input, model, source));
  console.log(JSON.stringify({ predictions: jsonOf(outputs, model) }));
}

function tensorsFrom(input: unknown, model: ServedModel, source: string): Tensors {
  try {
    return tensorsOf(input, model);
  } catch (error) {
    throw error instanceof InstancesError ? new CommandError(`${source}: ${error.message}`, { cause: error }) : error;
  }
}

async function classifyImages(
  model: ServedModel,
  files: readonly string[],
  { topK, jsonl, config }: { topK: number; jsonl: boolean; config: Config },
): Promise<void> {
  if (!model.image) throw new CommandError(`${model.name} doesn't take images. Give numbers: --json input.json`);
  const { blockOtherLoaders, ImageDecoder } = await import('../images/decoder.js');
  blockOtherLoaders();
  const decoder = new ImageDecoder({ maxPixels: config.maxPixels });
  let notice = greyDepthNotice(model);
  for (const [index, file] of files.entries()) {
    const pixels = await decoder.decode(await read(file), model.image).catch(about(file));
    if (notice && pixels.type === 'float32') {
      console.error(printable(notice));
      notice = undefined;
    }
    const { predictions } = await model.classify(pixels.data, { topK: Math.min(topK, model.classes) });
    const lines = predictions.map(({ label, probability }, rank) => `${rank + 1}. ${label}: ${probability.toFixed(4)}`);
    const heading = files.length > 1 ? [`${index ? '\n' : ''}${file}`] : [];
    console.log(jsonl ? JSON.stringify({ file, predictions }) : [...heading, ...lines].join('\n'));
  }
}

async function read(file: string): Promise<Buffer> {
  const content = file === '-' ? buffer(process.stdin) : readFile(file);
  return content.catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${file}: ${reasonOf(error)}`);
  });
}

const about = (file: string) => (error: Error) => {
  throw new CommandError(`${file}: ${error.message}`, { cause: error });
};
