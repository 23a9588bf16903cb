import type { Command } from './command.js';
import { formats } from './formats.js';
import { modelFlags } from './model-flags.js';

/** `keras-serve predict <model> <input>...`: what a model makes of images or of what is in JSON, without a server. */
export const predict: Command = {
  usage: 'predict <model> (<input>... | --json <file>)',
  summary: 'Print what a model makes of images, folders of them, texts, rows of CSV, or JSON, without a server',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: {
    json: {
      type: 'string',
      value: 'file',
      description:
        'Tensors to run the model on, - for standard input, as {"instances": [...]}, a nested array, or an object by input name; prints the model\'s own numbers',
    },
    'top-k': { type: 'string', value: 'number', description: 'How many labels to print (default 5)' },
    format: { type: 'string', value: 'form', description: `What to print: ${formats.join(', ')} (default table)` },
    jsonl: { type: 'boolean', description: 'The same as --format jsonl: an object a line, with the file' },
    out: { type: 'string', value: 'folder', description: 'Where to write the pictures that a model makes' },
    ...modelFlags,
  },
  takesSettings: ['weightsUrl', 'engine'],
  run: async (input) => (await import('./run-predict.js')).runPredict(input),
};
