import { flagOf, type InForce } from '../settings/config.js';
import type { SettingName } from '../settings/settings.js';
import type { Command } from './command.js';
import { modelFlags } from './model-flags.js';
import { formatTable } from './table.js';

/** `keras-serve config`: what the server would be started with, and where each of it comes from. */
export const config: Command = {
  usage: 'config [<model>...]',
  summary: 'Show the settings that serve would have, and where each comes from: flag, environment, file or default',
  operands: { least: 0, most: Number.POSITIVE_INFINITY },
  flags: {
    ...modelFlags,
    json: { type: 'boolean', description: 'Print JSON, with sizes in bytes and times in seconds' },
  },
  takesSettings: true,
  takesModels: true,
  async run({ positionals, modelsFrom = 'command line', flags, settings }) {
    const models = positionals.map((path) => ({ path, from: modelsFrom }));
    const rows = Object.entries(settings).map(([name, setting]) => shown(flagOf(name as SettingName), setting));
    if (flags.json) return console.log(JSON.stringify({ models, settings: rows }, null, 2));
    const lines = [
      ...models.map(({ path, from }) => ['models', path, from]),
      ...rows.map(({ name, given, from }) => [name, given, from]),
    ];
    const titles = ['Setting', 'Value', 'From'].map((title) => ({ title }));
    // Whoever reads it from a pipe wants each in its line.
    console.log(formatTable(titles, lines, process.stdout.columns ?? Number.POSITIVE_INFINITY).join('\n'));
  },
};

/** What stands for a secret. */
const mask = '********';

/** A setting as it is shown to people and programs. A value that is left to the server is the word that says so. */
export function shown(name: string, { source, from, text, value, secret }: InForce) {
  const given = secret && source !== 'default' ? mask : text;
  return { name, value: given === mask || value === undefined ? given : value, given, source, from };
}
