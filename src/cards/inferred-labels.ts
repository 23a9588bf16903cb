import { widthOf } from '../datapoints/evidence.js';
import type { FoundLabels } from '../datapoints/kind.js';
import { type MaskSpec, mask } from '../datapoints/kinds/mask.js';
import type { ModelKinds } from '../datapoints/kinds.js';
import { nameOfLabel, wrongCount } from '../datapoints/labels.js';
import { CARD_FILE } from '../support/card-file.js';
import type { Signature } from '../support/tensor.js';
import type { SideFile } from './beside/side-files.js';
import { chooseSideLabels, type SideLabels } from './beside/side-labels.js';
import type { Beside } from './card-files.js';
import type { CardNote } from './card-note.js';
import { labelsAbove } from './folder-above.js';
import { LabelsError, labelFiles, readLabelFiles, surplusLabelFiles, unreadLabelFiles } from './label-files.js';
import type { SourceFiles } from './source-files.js';
import { findSourceLabels } from './source-labels.js';

/** What was found of labels beside a model. */
export interface LabelsChoice {
  found?: FoundLabels;
  /** Why there are none: it goes on after "for". */
  noLabels?: string;
  notes: CardNote[];
  /** Files that programs saved which are labels, or of which the notes tell. */
  told?: readonly SideFile[];
}

/** The classes that a model with one output tells apart. */
export interface Classes {
  count: number;
  /** How many labels there may be for them. */
  labels: readonly number[];
}

/**
 * How many classes a model with one output tells apart. Undefined where it is no classifier.
 * @param kinds what the outputs are without labels
 */
export function classesOf({ outputs }: Signature, kinds: ModelKinds['outputs']): Classes | undefined {
  const [output, ...others] = outputs;
  if (!output || others.length > 0) return undefined;
  const { kind, spec } = kinds[output.name]!;
  const count = kind === mask.name ? (spec as MaskSpec).labels.length : widthOf(output);
  if (count === undefined) return undefined;
  // A mask's first class is often the background, and of two one number can say how likely the second is.
  return { count, labels: kind === mask.name ? [count, count - 1] : [count === 1 ? 2 : count] };
}

/**
 * Looks for labels beside a model: in label files, in what programs saved, in source code.
 * @param sources where they may be, the likelier first
 * @param model the name of its file
 */
export async function findLabels(
  { count, labels }: Classes,
  sources: SourceFiles,
  side: SideLabels,
  model: string,
): Promise<LabelsChoice> {
  const { besides } = sources;
  const { found: saved, telling, notes, told } = chooseSideLabels(side, labels);
  const unread: string[] = [];
  const found: Pick<FoundLabels, 'labels' | 'file' | 'numbered'>[] = [];
  const wrongFor = (given: number) => (labels.includes(given) ? undefined : wrongCount(given, Math.max(2, count)));
  for (const { folder, names } of besides) {
    unread.push(...unreadLabelFiles(names), ...surplusLabelFiles(names));
    found.push(...(await fittingIn({ folder, names }, wrongFor, notes)));
    if (found.length > 0) break;
  }
  found.push(...telling.map(({ labels, file }) => ({ labels, file, numbered: false })));
  if (found.length > 0) return { ...chosenOf(found, notes), told };
  const above = await labelsAbove(besides[0]!.folder);
  const [higher] = above ? await fittingIn(above, wrongFor, notes, '../') : [];
  if (higher) {
    const basis = 'it lies one folder above the model, where no other does';
    return { found: { ...higher, source: 'code', basis, certainty: 'guess' }, notes, told };
  }
  if (saved) return { found: saved, notes, told };
  for (const beside of besides) {
    // A mask's numbers are pixels', of which no code chooses between two texts.
    const files = labels.length === 1 ? await sources.choosing(beside, count) : await sources.in(beside);
    const written = findSourceLabels(files, beside.names, Math.max(2, count), model);
    if (!written) continue;
    if ('unclear' in written) {
      const message = `source code beside the model has ${written.unclear}, and nothing says which are the answer's: none are used`;
      notes.push({ level: 'warn', message, advice: `set labels in ${CARD_FILE}` });
      continue;
    }
    const { where, ...rest } = written;
    return { found: { ...rest, file: where, numbered: false, source: 'code', certainty: 'guess' }, notes, told };
  }
  const files = `${labelFiles.slice(0, -3).join(', ')} or ${labelFiles.at(-3)}`;
  const others = unread.length > 0 ? `; ${unread.slice(0, 3).join(', ')} is not read` : '';
  return { noLabels: `no ${files} fits them${others}`, notes, told };
}

/** The label files of a folder that fit. @param notes gets what is wrong with the others @param way to the folder */
async function fittingIn(
  { folder, names }: Beside,
  wrongFor: (count: number) => string | undefined,
  notes: CardNote[],
  way = '',
): Promise<Pick<FoundLabels, 'labels' | 'file' | 'numbered'>[]> {
  const found = [];
  for await (const one of readLabelFiles(folder, names)) {
    const wrong = one instanceof LabelsError ? one.reason : wrongFor(one.labels.length);
    if (wrong) notes.push({ level: 'warn', message: `${way}${one.file} ${wrong}: it is not used` });
    else if (!(one instanceof LabelsError)) found.push({ ...one, file: way + one.file });
  }
  return found;
}

/** The labels of the first of some files, and whether the others have them, too. */
function chosenOf(
  [first, ...others]: readonly Pick<FoundLabels, 'labels' | 'file' | 'numbered'>[],
  notes: CardNote[],
): LabelsChoice {
  const texts = (labels: FoundLabels['labels']) => JSON.stringify(labels.map(nameOfLabel));
  const different = others.filter(({ labels }) => texts(labels) !== texts(first!.labels)).map(({ file }) => file);
  const found = { ...first!, source: 'file' } as const;
  if (different.length === 0)
    return { found: { ...found, basis: 'it lies beside the model', certainty: 'likely' }, notes };
  const message = `${different.join(', ')} ${different.length === 1 ? 'has' : 'have'} other labels than ${first!.file}, which is used`;
  const basis = `it lies beside the model, where ${different.join(', ')} says otherwise`;
  return { found: { ...found, basis, certainty: 'guess' }, notes: [...notes, { level: 'warn', message }] };
}
