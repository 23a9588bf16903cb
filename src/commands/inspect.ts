import type { Command } from './command.js';
import { modelFlags } from './model-flags.js';

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
  run: async (input) => (await import('./run-inspect.js')).runInspect(input),
};
