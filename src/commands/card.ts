import { readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CardError } from '../catalog/card.js';
import { findModel } from '../catalog/find-model.js';
import { modelFilesAmong } from '../catalog/model-path.js';
import { compileModelFile } from '../inference/compiled-model.js';
import { reasonOf } from '../support/files.js';
import type { Command } from './command.js';
import { showDownload } from './download-bar.js';
import { CommandError, UsageError } from './errors.js';
import { modelFlags, modelOptions } from './model-flags.js';
import { printable } from './table.js';

/** `keras-serve card <model>`: writes the card that a model is served with, for editing. */
export const card: Command = {
  usage: 'card <model>',
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
    force: { type: 'boolean', short: 'f', description: 'Overwrite what is there' },
    ...modelFlags,
  },
  takesSettings: ['weightsUrl', 'cacheFolder', 'noCache', 'engine'],
  async run({ positionals: [model], flags, config }) {
    const { weights: given, inputShape, signature } = modelOptions(flags);
    const output = flags.output as string | undefined;
    if (output !== undefined && output !== '-' && flags.stdout)
      throw new UsageError('Give either --stdout or --output with a file');
    const { weightsUrl, noCache, cacheFolder, engine } = config;
    // Schemas take a while to load: other commands do without these.
    const [{ CARD_FILE, readCard, readCards }, { spellOut, workOutCard }] = await Promise.all([
      import('../catalog/card.js'),
      import('../catalog/worked-out-card.js'),
    ]);
    const onDownload = showDownload(process.stderr);
    const { path, weights, card: own } = await findModel(model!, { weights: given, weightsUrl, onDownload });
    // What Keras publishes has its card already, and its files are ours.
    const prints = flags.stdout === true || output === '-' || (output === undefined && own !== undefined);
    const target = prints ? undefined : (output ?? join(await folderOf(path), CARD_FILE));
    const force = flags.force === true;
    const isOneOfSeveral = target !== undefined && output === undefined && (await hasOthersBeside(path));
    const others = isOneOfSeveral ? await readCards(target).catch(passOver(force)) : undefined;
    const adds = others !== undefined && !Object.hasOwn(others, basename(path));
    if (target !== undefined) await checkTarget(target, force || adds);

    const present = own ?? (await readCard(path).catch(passOver(force)));
    const compiled = await compileModelFile(
      { path, weights, inputShape, signature },
      noCache ? null : cacheFolder,
      engine,
    );
    try {
      const workedOut = await workOutCard(compiled, { file: path, given: present });
      const spelledOut = spellOut(workedOut, compiled, path);
      const written = isOneOfSeveral ? { models: { ...others, [basename(path)]: spelledOut } } : spelledOut;
      const text = `${format(written)}\n`;
      if (target === undefined) process.stdout.write(text);
      else {
        await writeFile(target, text, { flag: force || adds ? 'w' : 'wx' }).catch(explain(target));
        console.log(`${target} is written`);
      }
      for (const { message } of [...compiled.notes, ...workedOut.notes]) console.error(printable(message));
    } finally {
      await compiled.dispose();
    }
  },
};

/** Whether a model file lies beside others that are served: then each has its own card in the folder's `serve.json`. */
async function hasOthersBeside(path: string): Promise<boolean> {
  if ((await stat(path)).isDirectory()) return false;
  const { models } = modelFilesAmong(await readdir(dirname(path)));
  return models.length > 1 || !models.includes(basename(path));
}

const folderOf = async (path: string): Promise<string> => ((await stat(path)).isDirectory() ? path : dirname(path));

async function checkTarget(target: string, force: boolean): Promise<void> {
  const there = await stat(target).catch(() => undefined);
  if (there?.isDirectory()) throw new CommandError(`${target} is a folder`);
  if (there && !force) throw new CommandError(`${target} is there already: --force overwrites it`);
}

/** A card that is wrong is no hindrance where it is to be overwritten. */
const passOver = (force: boolean) => (error: CardError) => {
  if (!force) throw error;
  console.error(`${printable(error.message)} It is written anew.`);
  return undefined;
};

const explain = (target: string) => (error: NodeJS.ErrnoException) => {
  throw new CommandError(`${target} can't be written: ${reasonOf(error, 'there is no such folder')}`, { cause: error });
};

/** JSON with a line for every key and label, and one for a list further inside. */
function format(value: object | string | number, indent = ''): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value) && indent.length > 2) return `[${value.map((one) => JSON.stringify(one)).join(', ')}]`;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items = Object.entries(value).map(([key, one]) =>
    Array.isArray(value) ? format(one, inner) : `${JSON.stringify(key)}: ${format(one, inner)}`,
  );
  return `${open}\n${items.map((item) => inner + item).join(',\n')}\n${indent}${close}`;
}
