import { type LoadOptions, loadModel } from '../../src/index.js';
import { differences } from './compare.js';
import { asked, askedPlainly, type Entry } from './entries.js';
import type { Plain, Verdict } from './verdict.js';

/** What a model answers, and what was worked out about it. */
export interface Asked {
  reply: unknown;
  guesses: readonly string[];
  said: readonly string[];
  /** A card of the lines that the log has. */
  advised: object | undefined;
  kinds: readonly string[];
}

/**
 * How near answers have to be: as near as floats of 32 bits are, but of a picture as near as libvips and Pillow make it smaller, which
 * round otherwise.
 */
export function near({ question, card }: Entry) {
  if (!JSON.stringify(question).includes('"file"')) return { tolerance: 1e-4, steps: 1 };
  // Without averaging each pixel counts for more.
  return { tolerance: JSON.stringify(card).includes('"antialias":false') ? 0.02 : 0.01, steps: 2 };
}

/** What is said of files that would change numbers. */
const ofNumbers = /transform|scaler|preprocess|pipeline|tokenizer|several models/i;

/** Loads a model, asks it once, and closes it. @throws whatever refuses the model or the question */
export async function ask(path: string, question: unknown, options: LoadOptions): Promise<Asked> {
  const model = await loadModel(path, options);
  try {
    const last = (key: string) => key.split('.').at(-1)!;
    const { assumptions, notes, kinds } = model;
    const warnings = notes.filter(({ level, message }) => level === 'warn' && !message.endsWith('(a guess)'));
    return {
      reply: await model.ask(question),
      guesses: assumptions.filter(({ certainty }) => certainty === 'guess').map(({ key }) => last(key)),
      said: warnings.map(({ message }) => message).filter((message) => ofNumbers.test(message)),
      advised: advisedCard(warnings.map(({ advice }) => advice ?? '')),
      kinds: Object.values(kinds.outputs).map(({ kind }) => kind),
    };
  } finally {
    await model.close();
  }
}

/** `set inputs.x.transform to "scaler.pkl" …`, as a card. */
function advisedCard(advices: readonly string[]): object | undefined {
  const card: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const advice of advices)
    for (const [, side, name, file] of advice.matchAll(/\b(inputs|outputs)\.(\S+?)\.transform to ("[^"]*")/g)) {
      card[side!] ??= {};
      card[side!]![name!] = { ...card[side!]![name!], transform: JSON.parse(file!) };
    }
  return Object.keys(card).length > 0 ? card : undefined;
}

/** Whether a guess may change numbers: names don't, nor does padding where nothing is filled up. */
const ofNumber = (guess: string, { question }: Entry): boolean =>
  guess === 'padding' ? typeof question === 'string' : guess !== 'labels' && guess !== 'kind';

/** The places of labels in the card's lists, by which they go where nothing names them. */
function placeOf({ card }: Entry): (label: string) => string | undefined {
  const lists = [card.labels, ...Object.values(card.outputs ?? {}).map((output) => (output as Entry['card']).labels)];
  return (label) => {
    const place = Math.max(...lists.map((labels) => labels?.indexOf(label) ?? -1));
    // The only class of a mask stands before its background.
    const isAlone = lists.some((labels) => labels?.length === 1 && labels[0] === label);
    return place < 0 ? undefined : isAlone ? 'foreground' : String(place);
  };
}

/** Whether a reply is Keras's, with names or without. */
async function compared(entry: Entry, reply: unknown, isNamed: boolean): Promise<{ verdict: Verdict; why?: string }> {
  const wrong = await differences(entry.keras, reply, near(entry));
  if (wrong.length === 0) return { verdict: isNamed ? 'right' : 'nameless' };
  const named = await differences(entry.keras, reply, { ...near(entry), insteadOf: placeOf(entry) });
  return named.length === 0 ? { verdict: 'nameless' } : { verdict: 'wrong', why: named.join('; ') };
}

/** Asks with the author's names, and without them where the model doesn't know any. */
async function askEither(
  path: string,
  entry: Entry,
  options: LoadOptions,
): Promise<{ answer: Asked; isNamed: boolean }> {
  try {
    return { answer: await ask(path, asked(entry.question), options), isNamed: true };
  } catch (error) {
    const plain = askedPlainly(entry);
    if (!plain) throw error;
    return { answer: await ask(path, plain, options), isNamed: false };
  }
}

/**
 * What a model's owner gets who says nothing.
 * @param withCard loads it with a card instead
 */
export async function askWithoutCard(
  path: string,
  entry: Entry,
  load: LoadOptions,
  withCard: (card: object) => LoadOptions,
): Promise<Plain> {
  try {
    const { answer, isNamed } = await askEither(path, entry, load);
    const { guesses, said, advised, kinds, reply } = answer;
    const all = { ...(await compared(entry, reply, isNamed)), guesses, said };
    if (all.verdict !== 'wrong') return all;
    if (advised) {
      const { answer: other, isNamed: isStill } = await askEither(path, entry, withCard(advised));
      return { ...all, verdict: 'named', withLine: (await compared(entry, other.reply, isStill)).verdict };
    }
    if (kinds.includes('tensor')) return { ...all, verdict: 'raw', why: 'numbers alone' };
    // What is wrong may be the names alone.
    const isOfNames = all.why!.split('; ').every((line) => line.includes('label: ')) && guesses.includes('labels');
    const isTold = said.length > 0 || isOfNames || guesses.some((guess) => ofNumber(guess, entry));
    return isTold ? all : { ...all, verdict: 'silent' };
  } catch (error) {
    return { verdict: 'refused', why: (error as Error).message };
  }
}
