import { basename, dirname } from 'node:path';
import { Compile } from 'typebox/compile';
import type { Assumption } from '../../datapoints/kind.js';
import { type KindCards, kindsOf, type ModelKinds, type PlaceOf } from '../../datapoints/kinds.js';
import { Vocabulary } from '../../datapoints/texts/read-tokenizer.js';
import type { Fitted } from '../../pickle/transformer.js';
import { CardError } from '../../support/card-error.js';
import { CARD_FILE } from '../../support/card-file.js';
import { filePart } from '../../support/file-part.js';
import type { TensorInfo } from '../../support/tensor.js';
import type { CardNote } from '../card-note.js';
import { checkValue } from '../kind-cards.js';
import { wordsIn } from './file-words.js';
import { isRows, offerBag, offerRows, offerTokenizer, rowWidth } from './input-offers.js';
import { type Found, noTransform, type Offer, type Served, withOffer } from './offers.js';
import { offerForecast, offerInverse, offerNames, offerThreshold, offerUnit } from './output-offers.js';
import type { SideFile, SideFiles } from './side-files.js';
import type { SideLabels } from './side-labels.js';
import { missedTransforms } from './unread-transforms.js';

/** What files beside a model say of it. */
export interface SideCards {
  /** The owner's cards, and what files say where they don't. */
  cards: KindCards;
  kinds: ModelKinds;
  assumptions: readonly Assumption[];
  notes: CardNote[];
  labels: SideLabels;
  /** Whether nothing says what the columns of an input are called that takes rows. */
  isNameless: boolean;
  /** Notes on the files that are of no use. @param told files that are, or of which something was said */
  unused(told: readonly SideFile[]): CardNote[];
}

type OfInput = (input: TensorInfo, served: Served, files: readonly SideFile[]) => Found;

const ofInputs: readonly OfInput[] = [offerTokenizer, offerBag, offerRows];
const ofOutputs: readonly OfInput[] = [offerInverse, offerThreshold, offerUnit, offerNames];

/** What is found for the inputs and outputs of a model; of an input the first that is. */
function findAll(served: Served, files: readonly SideFile[]): Found[] {
  const { inputs, outputs } = served.signature;
  const forecast = offerForecast(served, files);
  if (forecast) return [...forecast];
  const isSome = ({ offers, told }: Found) => offers.length > 0 || told.length > 0;
  const taken = inputs.flatMap((input) => ofInputs.map((find) => find(input, served, files)).find(isSome) ?? []);
  const given = outputs.flatMap((output) => ofOutputs.map((find) => find(output, served, files)).filter(isSome));
  return [...taken, ...given];
}

/**
 * Finds what belongs to a model among the files beside it. What a card says is left alone, and what can't be so in spite of its shape is
 * not used.
 * @param file of the model
 * @param side what was read beside it
 */
export function findBeside(model: Omit<Served, 'known'>, file: string, side: SideFiles): SideCards {
  const { files, notes: ofFiles } = side;
  const { inputs, outputs } = model.signature;
  const stem = basename(file).replace(/\.[^.]*$/, '');
  const ends = [...inputs, ...outputs].map(({ name }) => name);
  const served: Served = { ...model, known: [stem, basename(dirname(file)), ...ends].flatMap(wordsIn) };
  const notes = [...ofFiles];
  const found = files.length > 0 || served.code ? findAll(served, files) : [];
  const told = found.flatMap((one) => one.told);
  notes.push(...found.flatMap((one) => one.notes));
  let { cards, kinds } = served;
  const assumptions = found.flatMap((one) => one.assumptions ?? []);
  for (const plain of found.flatMap(({ offers }) => offers)) {
    const offer = supported(plain, served);
    told.push(...offer.files);
    const passedOver = noteOfGuess(offer);
    if (passedOver) {
      notes.push(passedOver);
      const [{ key, value, basis }] = offer.assumptions as [Assumption];
      assumptions.push(noTransform(key, `${value} may be it, for ${basis}`));
      continue;
    }
    const merged = withOffer(cards, offer);
    try {
      checkOffer(offer);
      kinds = kindsOf(served, merged, offered).kinds;
      cards = merged;
      assumptions.push(...offer.assumptions);
    } catch (error) {
      if (!(error instanceof CardError)) throw error;
      const names = offer.files.map((one) => one.file).join(' and ');
      notes.push({ level: 'warn', message: `${names} can't be used: ${error.message.replace(`${CARD_FILE}: `, '')}` });
    }
  }
  assumptions.push(...missedTransforms(side, served, new Set(assumptions.map(({ key }) => key))));
  const takesRows = inputs.some((input) => isRows(input, served));
  const isNamed = (card: Record<string, unknown> = {}) =>
    ['columns', 'tokenizer'].some((key) => Object.hasOwn(card, key)) ||
    (card.transform as { content?: Fitted } | undefined)?.content?.names !== undefined;
  return {
    cards,
    kinds,
    isNameless: inputs.some((one) => (rowWidth(one, served) ?? 0) > 1 && !isNamed(cards.inputs?.[one.name])),
    assumptions,
    notes,
    labels: { files: files.filter((one) => !(one.encodes && told.includes(one))), known: served.known, takesRows },
    unused: (others) => files.flatMap((one) => (told.includes(one) || others.includes(one) ? [] : noteOf(one, served))),
  };
}

/** An offer of a file that source code uses so: likely then. */
function supported(offer: Offer, { used }: Served): Offer {
  const [assumed, ...others] = offer.assumptions;
  const code = typeof assumed?.value === 'string' ? used?.[offer.side].get(filePart(assumed.value).file) : undefined;
  if (!assumed || code === undefined || assumed.certainty !== 'guess' || !Object.hasOwn(offer.keys, 'transform'))
    return offer;
  const basis = `${assumed.basis}, and ${code} uses it so with the model`;
  return { ...offer, assumptions: [{ ...assumed, basis, certainty: 'likely' }, ...others] };
}

/** What is said of an offer that isn't taken: numbers that can pass as they are aren't changed on a guess. */
function noteOfGuess({ side, name, keys, assumptions }: Offer): CardNote | undefined {
  const [assumed] = assumptions;
  if (!Object.hasOwn(keys, 'transform') || assumed?.certainty !== 'guess') return undefined;
  const file = JSON.stringify(assumed.value);
  return {
    level: 'warn',
    message: `${side}.${name}.transform may be ${file}, for ${assumed.basis}: a guess, which is not acted on`,
    advice: `set ${side}.${name}.transform to ${file} in ${CARD_FILE} if it is`,
  };
}

/** Where an offer would stand in a card. */
const offered: PlaceOf = (side) => (name) => (key) => `${side}.${name}.${key}`;

/** Of tens of thousands of words this is ten times as fast as the check that says what is wrong. */
const vocabulary = Compile(Vocabulary);

/** @throws CardError where a tokenizer isn't as one is */
function checkOffer({ name, keys: { tokenizer } }: Offer): void {
  const { content } = (tokenizer ?? {}) as { content?: unknown };
  if (tokenizer && !vocabulary.Check(content)) checkValue(`inputs.${name}.tokenizer`, content, Vocabulary);
}

/** That a file fits nothing. Tables and what is said of a model lie beside it for many reasons. */
function noteOf(
  { file, what, fitted, table, threshold, unit, targets, columns, vocabulary }: SideFile,
  { signature, cards }: Served,
): CardNote[] {
  const isOfModel = (threshold ?? unit ?? targets) !== undefined || (columns && /\.json$|^MLmodel$/.test(file));
  const isSaid = isOfModel && !vocabulary;
  if (table || isSaid) return [];
  const widths = signature.inputs.flatMap(({ shape }) => shape.at(-1) ?? []);
  const isOfBoth = fitted?.inputs !== undefined && widths.includes(fitted.inputs - 1);
  const isOpen = Object.keys({ ...cards.inputs, ...cards.outputs }).length === 0;
  const why = isOfBoth
    ? ', one more than the model takes: it may be for the answer as well'
    : `, which fits nothing ${isOpen ? 'of the model' : `that ${CARD_FILE} leaves open`}`;
  return [{ level: isOpen ? 'warn' : 'info', message: `${file} ${what}${why}: it is not used` }];
}
