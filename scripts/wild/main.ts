/**
 * Asks public repositories' own models, with a card and without, and prints how the answers compare with Keras's:
 *
 *     npm run wild -- FOLDER [word of a repository]
 *
 * FOLDER has, for each repository of `models/`, a folder `owner+name` with its files at the commit. What is not there is absent.
 * Where all are there, docs/datapoints.md is written anew.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type LoadOptions, loadModel } from '../../src/index.js';
import { packageRoot } from '../../src/support/package.js';
import { differences } from './compare.js';
import { absent, asked, askedPlainly, type Entry, entries, modelPath } from './entries.js';
import { inDocument, reasons, withResults } from './table.js';
import type { Result, Verdict } from './verdict.js';

const [folder, word = ''] = process.argv.slice(2);
if (!folder) throw new Error('Give the folder with the repositories: npm run wild -- FOLDER');
/**
 * How near answers have to be: as near as floats of 32 bits are, but of a picture as near as libvips and Pillow make it smaller, which
 * round otherwise.
 */
function near({ question, card }: Entry) {
  if (!JSON.stringify(question).includes('"file"')) return { tolerance: 1e-4, steps: 1 };
  // Without averaging each pixel counts for more.
  return { tolerance: JSON.stringify(card).includes('"antialias":false') ? 0.02 : 0.01, steps: 2 };
}
const temporary = mkdtempSync(join(tmpdir(), 'wild-'));
const load: LoadOptions = { cacheFolder: null, processes: 1 };

/** The places of labels in the card's lists, by which they go where nothing names them. */
function placeOf({ card }: Entry): (label: string) => string | undefined {
  const lists = [card.labels, ...Object.values(card.outputs ?? {}).map((output) => (output as Entry['card']).labels)];
  return (label) => {
    const place = Math.max(...lists.map((labels) => labels?.indexOf(label) ?? -1));
    return place < 0 ? undefined : String(place);
  };
}

async function ask(path: string, question: unknown, options: LoadOptions) {
  const model = await loadModel(path, options);
  try {
    const guesses = model.assumptions
      .filter(({ certainty }) => certainty === 'guess')
      .map(({ key }) => key.split('.').at(-1)!);
    const kinds = Object.values(model.kinds.outputs).map(({ kind }) => kind);
    return { reply: await model.ask(question), guesses, kinds };
  } finally {
    await model.close();
  }
}

/** Where the model is, with the files beside it under the names that it needs: somewhere else, then. */
function withFiles({ beside, ...entry }: Entry): string {
  const path = modelPath(folder!, entry);
  if (!beside) return path;
  const place = mkdtempSync(join(temporary, 'beside-'));
  for (const [name, file] of [[basename(path), basename(path)], ...Object.entries(beside)] as const)
    copyFileSync(join(dirname(path), file), join(place, name));
  return join(place, basename(path));
}

async function withCard(entry: Entry): Promise<{ verdict: Verdict; why?: string; reply?: unknown }> {
  writeFileSync(join(temporary, 'serve.json'), JSON.stringify(entry.card));
  try {
    const { reply } = await ask(withFiles(entry), asked(entry.question), { ...load, cardFolder: temporary });
    const wrong = await differences(entry.keras, reply, near(entry));
    return wrong.length === 0 ? { verdict: 'right', reply } : { verdict: 'wrong', why: wrong.join('; '), reply };
  } catch (error) {
    return { verdict: 'refused', why: (error as Error).message };
  }
}

/** What the model's owner gets who says nothing. */
async function withoutCard(entry: Entry): Promise<{ verdict: Verdict; why?: string; guesses?: readonly string[] }> {
  try {
    const question = askedPlainly(entry);
    const { reply, guesses, kinds } = await ask(modelPath(folder!, entry), question, load);
    const wrong = await differences(entry.keras, reply, near(entry));
    const isNamed = isDeepStrictEqual(question, asked(entry.question));
    if (wrong.length === 0) return { verdict: isNamed ? 'right' : 'nameless', guesses };
    const named = await differences(entry.keras, reply, { ...near(entry), insteadOf: placeOf(entry) });
    if (named.length === 0) return { verdict: 'nameless', guesses };
    if (kinds.includes('tensor')) return { verdict: 'raw', why: 'numbers alone', guesses };
    return { verdict: 'wrong', why: named.join('; '), guesses };
  } catch (error) {
    return { verdict: 'refused', why: (error as Error).message };
  }
}

try {
  const results: Result[] = [];
  for (const entry of entries().filter(({ repository }) => repository.includes(word))) {
    if (!existsSync(modelPath(folder, entry))) {
      results.push({ entry, card: { verdict: 'absent' }, plain: { verdict: 'absent' } });
      continue;
    }
    const result = { entry, card: await withCard(entry), plain: await withoutCard(entry) };
    results.push(result);
    console.error(`${entry.repository}: ${result.card.verdict}; without a card ${result.plain.verdict}`);
  }
  const said = inDocument(results, absent());
  console.log(`${reasons(results)}\n\n${said}`);
  const document = join(packageRoot, 'docs/datapoints.md');
  if (results.every(({ card }) => card.verdict !== 'absent') && !word)
    writeFileSync(document, withResults(readFileSync(document, 'utf8'), said));
  if (results.some(({ card: { verdict } }) => verdict === 'wrong' || verdict === 'refused')) process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true });
}
