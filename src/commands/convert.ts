import { basename, extname } from 'node:path';
import { shellWord } from '../support/shell-word.js';
import type { Command } from './command.js';
import { modelFlags } from './model-flags.js';

/** `keras-serve convert <model> <out.onnx>`: a Keras model as an ONNX model, for any program that runs these. */
export const convert: Command = {
  usage: 'convert <model> <out.onnx>',
  summary: 'Write a Keras model as an ONNX model',
  operands: { least: 2, most: 2 },
  missing([model]) {
    if (model === undefined) return undefined;
    const output = `${basename(model, extname(model))}.onnx`;
    return `Name the file to write, too: keras-serve convert ${shellWord(model)} ${shellWord(output)}`;
  },
  flags: {
    ...modelFlags,
    'external-data': {
      type: 'boolean',
      description: 'Write the weights to <out.onnx>.data, as is done with more than 2 GB',
    },
    force: { type: 'boolean', short: 'f', description: 'Overwrite what is there' },
  },
  takesSettings: ['weightsUrl'],
  run: async (input) => (await import('./run-convert.js')).runConvert(input),
};
