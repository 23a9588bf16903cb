import type { Command } from './command.js';
import { modelFlags } from './model-flags.js';

/** `keras-serve card <model>`: writes the card that a model is served with, for editing. */
export const card: Command = {
  usage: 'card <model> [--examples <folder> [--write]]',
  summary: 'Write serve.json for a model, with all that is worked out without it, for editing',
  operands: { least: 1, most: 1 },
  flags: {
    output: {
      type: 'string',
      short: 'o',
      value: 'file',
      description: 'Where to write it (default serve.json beside the model); - prints it',
    },
    stdout: { type: 'boolean', description: 'Print it' },
    examples: {
      type: 'string',
      value: 'folder',
      description:
        'Try how images may be prepared, on a folder that has one with pictures for each class, and print how many are right; write nothing',
    },
    write: { type: 'boolean', description: 'With --examples: write what is significantly better than what is served' },
    force: { type: 'boolean', short: 'f', description: 'Write it anew: without, what serve.json says already stays' },
    ...modelFlags,
  },
  takesSettings: ['weightsUrl', 'cacheFolder', 'noCache', 'engine', 'maxPixels'],
  run: async (input) => (await import('./run-card.js')).runCard(input),
};
