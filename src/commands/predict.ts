import { readFile } from 'node:fs/promises';
import { loadServedModel } from '../catalog/served-model.js';
import { ImageDecoder } from '../images/decoder.js';
import type { Command } from './command.js';
import { CommandError, UsageError } from './errors.js';

/** `keras-serve predict <model> <image>...`: labels without a server. */
export const predict: Command = {
  usage: 'predict <model> <image>...',
  summary: 'Print the labels of images, without a server',
  operands: { least: 2, most: Number.POSITIVE_INFINITY },
  flags: {
    'top-k': { type: 'string', value: 'number', description: 'How many labels to print (default 5)' },
    json: { type: 'boolean', description: 'Print one JSON object a line, with the file and its predictions' },
  },
  takesSettings: false,
  async run({ positionals: [path, ...files], flags, config }) {
    const { 'top-k': topK = '5' } = flags;
    if (!/^[1-9]\d*$/.test(String(topK))) throw new UsageError('--top-k must be a whole number from 1');
    const decoder = new ImageDecoder({ maxPixels: config.maxPixels });
    const model = await loadServedModel(path!);
    try {
      if (!model.image) throw new CommandError(`${model.name} doesn't take images`);
      for (const [index, file] of files.entries()) {
        const pixels = await decoder.decode(await read(file), model.image).catch(about(file));
        const { predictions } = await model.classify(pixels.data, { topK: Math.min(Number(topK), model.classes) });
        const lines = predictions.map(
          ({ label, probability }, rank) => `${rank + 1}. ${label}: ${probability.toFixed(4)}`,
        );
        const heading = files.length > 1 ? [`${index ? '\n' : ''}${file}`] : [];
        console.log(flags.json ? JSON.stringify({ file, predictions }) : [...heading, ...lines].join('\n'));
      }
    } finally {
      await model.close();
    }
  },
};

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'that is a folder',
  EACCES: 'it may not be read',
};

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${file}: ${reasons[error.code ?? ''] ?? error.message}`);
  });
}

const about = (file: string) => (error: Error) => {
  throw new CommandError(`${file}: ${error.message}`, { cause: error });
};
