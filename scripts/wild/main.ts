/**
 * Asks public repositories' own models, with a card and without, and prints how the answers compare with Keras's:
 *
 *     npm run wild -- FOLDER [word of a repository]
 *
 * FOLDER has, for each repository of `models/`, a folder `owner+name` with all its files at the commit, as `unpack.ts` lays them there. What is not there is absent.
 * Where all are there, docs/datapoints.md and docs/preprocessing.md are written anew. With `--before FILE` what came without a card is written there
 * alone, which is how `before.json` was made by the code of then. `--cache FOLDER` keeps compiled models for the next run, `--plain` asks without a card
 * alone and writes nothing.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LoadOptions } from '../../src/index.js';
import { packageRoot } from '../../src/support/package.js';
import { ask, askWithoutCard, near } from './asking.js';
import { differences } from './compare.js';
import { absent, asked, before, type Entry, entries, modelPath } from './entries.js';
import { ofFolders } from './folders.js';
import { inDocument, reasons, withResults } from './table.js';
import type { Result, Verdict } from './verdict.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { before: { type: 'string' }, cache: { type: 'string' }, plain: { type: 'boolean' } },
});
const [folder, word = ''] = positionals;
if (!folder) throw new Error('Give the folder with the repositories: npm run wild -- FOLDER');
const temporary = mkdtempSync(join(tmpdir(), 'wild-'));
const load: LoadOptions = { cacheFolder: flags.cache ?? null, processes: 1 };

/** Where the model is, with the files beside it under the names that it needs: somewhere else, then. */
function withFiles({ beside, ...entry }: Entry): string {
  const path = modelPath(folder!, entry);
  if (!beside) return path;
  const place = mkdtempSync(join(temporary, 'beside-'));
  for (const [name, file] of [[basename(path), basename(path)], ...Object.entries(beside)] as const)
    copyFileSync(join(dirname(path), file), join(place, name));
  return join(place, basename(path));
}

/** Options that load a model with a card that isn't beside it. */
function loadWith(card: object): LoadOptions {
  writeFileSync(join(temporary, 'serve.json'), JSON.stringify(card));
  return { ...load, cardFolder: temporary };
}

async function withCard(entry: Entry): Promise<{ verdict: Verdict; why?: string; reply?: unknown }> {
  try {
    const { reply } = await ask(withFiles(entry), asked(entry.question), loadWith(entry.card));
    const wrong = await differences(entry.keras, reply, near(entry));
    return wrong.length === 0 ? { verdict: 'right', reply } : { verdict: 'wrong', why: wrong.join('; '), reply };
  } catch (error) {
    return { verdict: 'refused', why: (error as Error).message };
  }
}

const write = (name: string, said: string, marker: string) => {
  const document = join(packageRoot, 'docs', name);
  writeFileSync(document, withResults(readFileSync(document, 'utf8'), said, marker));
};

try {
  const results: Result[] = [];
  for (const entry of entries().filter(({ repository }) => repository.includes(word))) {
    const path = modelPath(folder, entry);
    if (!existsSync(path)) {
      results.push({ entry, card: { verdict: 'absent' }, plain: { verdict: 'absent' } });
      continue;
    }
    const card = flags.before || flags.plain ? ({ verdict: 'absent' } as const) : await withCard(entry);
    const result = { entry, card, plain: await askWithoutCard(path, entry, load, loadWith) };
    results.push(result);
    console.error(`${entry.repository}: ${result.card.verdict}; without a card ${result.plain.verdict}`);
  }
  if (flags.before) {
    const verdicts = results.map(({ entry, plain }) => [entry.repository, plain.verdict]);
    writeFileSync(flags.before, `${JSON.stringify(Object.fromEntries(verdicts), null, 2)}\n`);
  } else {
    const said = inDocument(results, absent());
    const folders = ofFolders(results, before());
    console.log(`${reasons(results)}\n\n${said}\n\n${folders}`);
    if (!flags.plain && results.every(({ plain }) => plain.verdict !== 'absent') && !word) {
      write('datapoints.md', said, 'wild');
      write('preprocessing.md', folders, 'folders');
    }
    if (results.some(({ card: { verdict } }) => verdict === 'wrong' || verdict === 'refused')) process.exitCode = 1;
  }
} finally {
  rmSync(temporary, { recursive: true });
}
