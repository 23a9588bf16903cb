import { basename, extname } from 'node:path';
import type { ModelCard } from '../../schemas/card.js';
import { type Clash, clashesOf } from '../datapoints/datapoint-names.js';
import { evidenceOf } from '../datapoints/evidence.js';
import type { Assumption } from '../datapoints/kind.js';
import type { SequenceSpec } from '../datapoints/kinds/sequence.js';
import type { TextSpec } from '../datapoints/kinds/text.js';
import { inputKind, kindsOf, type ModelKinds, outputKind, type PlaceOf } from '../datapoints/kinds.js';
import type { DescribedModel } from '../inference/compile-messages.js';
import { CARD_FILE } from '../support/card-file.js';
import { modelFilesAmong } from '../support/model-files.js';
import { asModelName, nameOf } from '../support/model-name.js';
import { shellWord } from '../support/shell-word.js';
import type { Signature } from '../support/tensor.js';
import { findBeside } from './beside/beside.js';
import type { CodeColumns } from './beside/offers.js';
import { readSideFiles, type SideFiles, sideFilesAmong } from './beside/side-files.js';
import { type Beside, besidesOf, filesNamedIn, readCardFiles } from './card-files.js';
import type { CardNote } from './card-note.js';
import { filesUsedBy, usesBeside, withUses } from './code-uses.js';
import { FileContents } from './contents/file-contents.js';
import { classesOf, findLabels, type LabelsChoice } from './inferred-labels.js';
import { findPadding } from './inferred-padding.js';
import { placedCards } from './kind-places.js';
import { SourceFiles } from './source-files.js';

/** What a model is to people: what its card says, and what was worked out where it says nothing. */
export interface InferredCard {
  /** As far as there is one. */
  card: ModelCard;
  kinds: ModelKinds;
  assumptions: Assumption[];
  /** For the log. */
  notes: CardNote[];
}

/** Where a card is to be worked out. */
export interface CardSources {
  /** The model file, beside which other files may tell the labels. */
  file: string;
  /** Another folder that may have such files. */
  folder?: string;
  /** The card as far as there is one: what it says is kept. */
  given?: ModelCard;
  /** Reads what other files hold; without, nothing of it is kept. */
  contents?: FileContents;
  /** What lies beside the model, where it has been read. */
  beside?: Promise<FilesBeside>;
}

/** What lies beside a model, and what was read of it. */
export interface FilesBeside extends SideFiles {
  besides: readonly Beside[];
  code: SourceFiles;
}

/** Reads what lies beside a model: that needs no more than its path, and can go on while it is compiled. */
export async function readBeside(sources: Omit<CardSources, 'beside'>): Promise<FilesBeside> {
  const { file, given = {}, contents = new FileContents() } = sources;
  const besides = await besidesOf(sources);
  const taken = new Set(filesNamedIn(JSON.stringify(given)));
  const code = new SourceFiles(besides, contents);
  // Of several models only code says whose the files are that aren't called like one.
  const isShared = besides.some(
    ({ names }) => modelFilesAmong(names).models.length > 1 && sideFilesAmong(names).length > 0,
  );
  const { inputs, outputs } = filesUsedBy(isShared ? await usesBeside(code, file) : []);
  const named = new Set([...inputs.keys(), ...outputs.keys()]);
  const files = await readSideFiles(besides, basename(file), taken, contents, named);
  // All of it will be asked for.
  code.all().catch(() => undefined);
  return { besides, code, ...files };
}

/**
 * Works out what a card leaves out, of files beside the model file and of what the model gives away.
 * @throws CardError
 */
export async function inferCard({ signature, hints }: DescribedModel, sources: CardSources): Promise<InferredCard> {
  const { file, given: card = {}, contents = new FileContents() } = sources;
  const { cards: named, place } = placedCards(card, signature);
  const { besides, code, ...read } = await (sources.beside ?? readBeside(sources));
  const files = { ...read, files: read.files.filter((one) => one.file !== hints?.vocabulary?.file) };
  const cards = await readCardFiles(
    named,
    place,
    besides.map(({ folder }) => folder),
    contents,
  );
  const [output] = signature.outputs;
  const { kinds: bare } = kindsOf({ signature, hints }, cards, place);
  const uses = await usesBeside(code, file);
  const served = { signature, hints, cards, kinds: bare, used: filesUsedBy(uses) };
  const beside = findBeside(served, file, files);
  const said = beside.cards.outputs?.[output?.name ?? ''];
  const isNumbers = said?.kind === 'tensor' || said?.kind === 'number' || said?.transform != null;
  const classes = said?.labels !== undefined || isNumbers ? undefined : classesOf(signature, beside.kinds.outputs);
  const side = beside.isNameless ? findBeside({ ...served, code: await columnsOf(code) }, file, files) : beside;
  const choice: LabelsChoice = classes ? await findLabels(classes, code, side.labels, basename(file)) : { notes: [] };
  const { notes, told = [], ...labels } = choice;
  const size = idsIn(signature, side.kinds);
  const padded = size === undefined ? undefined : findPadding(await code.all(), size);
  const facts = { signature, hints, ...labels, ...(padded && { padded }) };
  const plain = kindsOf(facts, side.cards, place);
  const all = (await code.all()).flat();
  const resizes = all.flatMap((one) => one.resizes.map((resize) => ({ ...resize, file: one.file })));
  const columns = all.flatMap((one) => one.columns.map((list) => ({ ...list, file: one.file })));
  const { activation } = output ? evidenceOf(output, facts) : {};
  const chosen = labels.found?.threshold !== undefined && activation === 'sigmoid' ? labels.found : undefined;
  const ofCode = { uses, resizes, columns, ...(chosen && { chosen }) };
  const { kinds, assumptions: ofKinds } = withUses(facts, side.cards, plain, place, ofCode);
  const assumptions = [...side.assumptions, ...ofKinds, ...assumedVocabulary(signature, hints)];
  const advice = (key: string) =>
    sources.given
      ? `set ${key} in ${CARD_FILE} to change it`
      : `to change it, write ${CARD_FILE}: keras-serve card ${shellWord(file)}`;
  const clashes = clashesOf(signature.inputs, kinds.inputs).map(noteOfClash);
  // What is short for an image is meant for one alone.
  const ofKind: PlaceOf = (side) => (name) =>
    side === 'inputs' && kinds.inputs[name]!.kind !== 'image' ? (key) => `inputs.${name}.${key}` : place(side)(name);
  const assumed = assumptions.map((one) => noteOf(one, ofKind, advice));
  const ofFiles = [...notes, ...code.notes, ...side.notes, ...side.unused(told)];
  return { card, kinds, assumptions, notes: [...ofFiles, ...clashes, ...assumed] };
}

/** Names of columns in source code; of several models that lie beside it they may be another one's. */
async function columnsOf(code: SourceFiles): Promise<CodeColumns[]> {
  const own = code.besides.filter(({ names }) => modelFilesAmong(names).models.length < 2);
  const files = (await Promise.all(own.map((one) => code.in(one)))).flat();
  return files.flatMap(({ file, columns }) => columns.map((one) => ({ ...one, file })));
}

/** How many ids the only input of ids takes that is filled up; undefined where there are several, or it takes any number. */
function idsIn({ inputs }: Signature, kinds: ModelKinds): number | undefined {
  const ofIds = inputs.filter(({ name }) => {
    const { kind, spec } = kinds.inputs[name]!;
    return kind === 'sequence' ? (spec as SequenceSpec).ids : kind === 'text' && (spec as TextSpec | null)?.fitting;
  });
  const [input, ...others] = ofIds;
  return input && others.length === 0 ? (input.shape[1] ?? undefined) : undefined;
}

/** That words are known by a file whose name doesn't say of what it is. */
function assumedVocabulary({ inputs }: Signature, hints: DescribedModel['hints']): Assumption[] {
  if (!hints?.vocabulary) return [];
  const { file, layer } = hints.vocabulary;
  const { name } = inputs.find(({ type }) => type === 'string') ?? inputs[0]!;
  const basis = `it is the only vocabulary beside the model, whose file has none for the layer ${layer}`;
  const advice = `where it is that one's, call it ${layer}.vocabulary${extname(file)}, else take it away`;
  return [{ key: `inputs.${name}.vocabulary`, value: file, basis, certainty: 'guess', advice }];
}

/** What a column is called in requests whose name alone doesn't say which is meant. */
function noteOfClash({ column, tables }: Clash): CardNote {
  const names = tables.slice(0, 20).map((table) => `"${table}.${column}"`);
  const why = tables.length > 1 ? 'is a column of several inputs' : "is an input's name and a column's";
  return { level: 'info', message: `"${column}" ${why}: in requests the column is ${names.join(' or ')}` };
}

/** An assumption for the log. */
function noteOf(
  { key, value, basis, certainty, text = JSON.stringify(value), advice: own }: Assumption,
  place: PlaceOf,
  advice: (key: string) => string,
): CardNote {
  const [, side, name, last] = /^(inputs|outputs)\.(.*)\.([^.]*)$/s.exec(key)!;
  const short = place(side as 'inputs' | 'outputs')(name!)(last!);
  const guess = certainty === 'guess' ? ' (a guess)' : '';
  return { level: 'info', message: `${short}: ${text}, for ${basis}${guess}`, advice: own ?? advice(short) };
}

/** A card with all that can be said in it, for editing: what was worked out, and what would be done without it. */
export function spellOut({ card, kinds }: InferredCard, file: string): ModelCard {
  const inputs = spelled(kinds.inputs, (kind) => inputKind(kind).spell, true);
  const outputs = spelled(kinds.outputs, (kind) => outputKind(kind).spell, false);
  const { labels, image, ...rest } = shortened(inputs, outputs);
  return {
    name: card.name ?? asModelName(nameOf(file)),
    description: card.description ?? '',
    ...(labels && { labels }),
    ...(image && { image }),
    ...(Object.keys(rest.inputs).length > 0 && { inputs: rest.inputs }),
    ...(Object.keys(rest.outputs).length > 0 && { outputs: rest.outputs }),
  };
}

type Spelled = Record<string, { kind: string } & Record<string, unknown>>;

/** What the kinds have to say. */
const spelled = (
  claimed: ModelKinds['inputs'],
  spellOf: (kind: string) => ((spec: unknown) => Record<string, unknown>) | undefined,
  isInput: boolean,
): Spelled =>
  Object.fromEntries(
    Object.entries(claimed).flatMap(([name, { kind, spec }]) => {
      const said = spellOf(kind)?.(spec);
      // Of numbers alone there is nothing to say, but an input's name is what columns and texts are said by.
      return said || isInput ? [[name, { kind, ...said }] as const] : [];
    }),
  );

/** The only image and the labels of the only classes stand by themselves. */
function shortened(
  inputs: Spelled,
  outputs: Spelled,
): Pick<ModelCard, 'labels' | 'image'> & { inputs: Spelled; outputs: Spelled } {
  const [[input, ...otherInputs], [output, ...otherOutputs]] = [Object.keys(inputs), Object.keys(outputs)];
  const short: ReturnType<typeof shortened> = { inputs: { ...inputs }, outputs: { ...outputs } };
  if (input !== undefined && otherInputs.length === 0 && inputs[input]!.kind === 'image') {
    const { kind, ...image } = inputs[input]!;
    short.image = image as ModelCard['image'];
    short.inputs = {};
  }
  if (output !== undefined && otherOutputs.length === 0 && outputs[output]!.kind === 'classes') {
    const { kind, labels, ...others } = outputs[output]!;
    short.labels = labels as ModelCard['labels'];
    short.outputs = Object.keys(others).length > 0 ? { [output]: { kind, ...others } } : {};
  }
  return short;
}
