import { readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ModelCard } from '../../schemas/card.js';
import { findModel } from '../catalog/find-model.js';
import { compileModelFile } from '../inference/compiled-model.js';
import type { CardError } from '../support/card-error.js';
import { CARD_FILE } from '../support/card-file.js';
import { reasonOf } from '../support/files.js';
import { modelFilesAmong } from '../support/model-files.js';
import type { Told } from './card-examples.js';
import type { CommandInput } from './command.js';
import { showDownload } from './download-bar.js';
import { CommandError, UsageError } from './errors.js';
import { modelOptions } from './model-flags.js';
import { printable } from './table.js';

/** What `keras-serve card` does: loaded when it is run. */
export async function runCard({ positionals: [model], flags, config }: CommandInput): Promise<void> {
  const { weights: given, inputShape, signature } = modelOptions(flags);
  const output = flags.output as string | undefined;
  if (output !== undefined && output !== '-' && flags.stdout)
    throw new UsageError('Give either --stdout or --output with a file');
  const folder = flags.examples as string | undefined;
  if (flags.write && folder === undefined) throw new UsageError('--write goes with --examples');
  const strange = ['stdout', 'output', 'force'].find((flag) => folder !== undefined && flags[flag] !== undefined);
  if (strange) throw new UsageError(`--${strange} doesn't go with --examples, which writes serve.json with --write`);
  const { weightsUrl, noCache, cacheFolder, engine } = config;
  // Schemas take a while to load: other commands do without these.
  const [{ readCard, readCards }, { spellOut, inferCard }, { FileContents }] = await Promise.all([
    import('../cards/card.js'),
    import('../cards/inferred-card.js'),
    import('../cards/contents/file-contents.js'),
  ]);
  const onDownload = showDownload(process.stderr);
  const { path, weights, card: own } = await findModel(model!, { weights: given, weightsUrl, onDownload });
  // What Keras publishes has its card already, and its files are ours.
  const prints = flags.stdout === true || output === '-' || (output === undefined && own !== undefined);
  const target = prints ? undefined : (output ?? join(await folderOf(path), CARD_FILE));
  const force = flags.force === true;
  const isOneOfSeveral = target !== undefined && output === undefined && (await hasOthersBeside(path));
  const others = isOneOfSeveral ? await readCards(target).catch(passOver(force)) : undefined;
  // What is beside the model is completed; another file may be anything.
  const completes = output === undefined || force;
  if (target !== undefined) await checkTarget(target, completes);

  const present = own ?? (force ? undefined : await readCard(path));
  const told = folder === undefined ? undefined : await tellOf(model!, folder, flags, config);
  if (told) {
    for (const line of told.lines) console.log(line);
    if (!flags.write) return;
    if (!told.card) return console.log('There is nothing to write.');
  }
  const kept = noCache ? null : cacheFolder;
  const compiled = await compileModelFile({ path, weights, inputShape, signature }, kept, engine);
  try {
    const given = told ? withCard(present, told.card!) : present;
    const inferred = await inferCard(compiled, { file: path, given, contents: await FileContents.in(kept) });
    // What examples have told is known; the rest stays what it was, a guess or not.
    const spelledOut = told ? given! : spellOut(inferred, path);
    const written = isOneOfSeveral ? { models: { ...others, [basename(path)]: spelledOut } } : spelledOut;
    const text = `${format(written)}\n`;
    if (target === undefined) process.stdout.write(text);
    else {
      await writeFile(target, text, { flag: completes ? 'w' : 'wx' }).catch(explain(target));
      console.log(`${target} is written`);
    }
    for (const { message } of [...compiled.notes, ...inferred.notes]) console.error(printable(message));
  } finally {
    await compiled.dispose();
  }
}

/** Asks a model about examples, as it is served with the card that there is. */
async function tellOf(
  model: string,
  folder: string,
  flags: Record<string, unknown>,
  { weightsUrl, noCache, cacheFolder, engine, maxPixels }: CommandInput['config'],
): Promise<Told> {
  const [{ loadServedModel }, { setUpLibvips, ImageDecoder }, { tellOfExamples }] = await Promise.all([
    import('../catalog/served-model.js'),
    import('../images/decoder.js'),
    import('./card-examples.js'),
  ]);
  const source = {
    ...modelOptions(flags),
    weightsUrl,
    engine,
    cacheFolder: noCache ? null : cacheFolder,
    processes: 1,
  };
  const served = await loadServedModel(model, source);
  try {
    setUpLibvips();
    return await tellOfExamples(served, folder, new ImageDecoder({ maxPixels }));
  } finally {
    await served.close();
  }
}

/** A card with what examples have told: in the place where it says of the image what it does. */
function withCard(card: ModelCard = {}, { image, labels }: NonNullable<Told['card']>): ModelCard {
  const [placed] = Object.entries(card.inputs ?? {});
  const told = placed && image ? { inputs: { ...card.inputs, [placed[0]]: { ...placed[1], ...image } } } : undefined;
  const { labels: _labels, ...rest } = card;
  const outputs =
    labels &&
    card.outputs &&
    Object.fromEntries(Object.entries(card.outputs).map(([name, one]) => [name, without(one)]));
  return {
    ...(labels ? rest : card),
    ...(image && (told ?? { image: { ...card.image, ...image } })),
    ...(outputs && { outputs }),
    ...(labels && { labels }),
  };
}

const without = ({ labels: _labels, ...rest }: Record<string, unknown>) => rest;

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
function format(value: object | string | number | boolean | null, indent = ''): string {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return JSON.stringify(value);
  if (Array.isArray(value) && indent.length > 2) return `[${value.map((one) => JSON.stringify(one)).join(', ')}]`;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items = Object.entries(value).map(([key, one]) =>
    Array.isArray(value) ? format(one, inner) : `${JSON.stringify(key)}: ${format(one, inner)}`,
  );
  return `${open}\n${items.map((item) => inner + item).join(',\n')}\n${indent}${close}`;
}
