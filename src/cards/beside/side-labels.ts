import type { FoundLabels } from '../../datapoints/kind.js';
import { CARD_FILE } from '../../support/card-file.js';
import { filePart } from '../../support/file-part.js';
import type { CardNote } from '../card-note.js';
import { wrongIn } from '../label-files.js';
import { particularIn, speaksOf } from './file-words.js';
import type { SideFile } from './side-files.js';

/** What lies beside a model and may name its classes. */
export interface SideLabels {
  files: readonly SideFile[];
  /** Words that are no news in the name of a file: those of the model's name and of its outputs. */
  known: readonly string[];
  /** Whether the model takes rows, whose columns may have encoders of their own. */
  takesRows: boolean;
}

/** Names of classes in files that were saved by programs: the found ones as `findLabels` takes them. */
export interface SideChoice {
  found?: FoundLabels;
  /** Those of a name that says so, which count as label files do. */
  telling: readonly Pick<FoundLabels, 'labels' | 'file'>[];
  notes: CardNote[];
  /** Files that are labels, or of which the notes tell. */
  told: readonly SideFile[];
}

/** Whether what names classes is of a column: it is called after something that the model isn't. */
const isOfColumn = ({ file }: SideFile, { known, takesRows }: SideLabels): boolean =>
  takesRows && (isPart(file) || speaksOf(file, 'labels')) && particularIn(file, known).length > 0;

/** Whether it lies among others, of which it is one for the answer only where its name says so. */
const isPart = (file: string): boolean => filePart(file).part !== undefined;

/** Names of classes among the files beside a model. @param counts how many there may be */
export function chooseSideLabels(side: SideLabels, counts: readonly number[]): SideChoice {
  const fitting = side.files.filter(
    (file) =>
      file.classes !== undefined &&
      counts.includes(file.classes.length) &&
      !speaksOf(file.file, 'columns') &&
      !speaksOf(file.file, 'words') &&
      wrongIn(file.classes) === undefined,
  );
  const ofColumns = fitting.filter((file) => isOfColumn(file, side));
  const own = fitting.filter((one) => !ofColumns.includes(one) && (!isPart(one.file) || speaksOf(one.file, 'labels')));
  const telling = own.filter(({ file }) => speaksOf(file, 'labels'));
  const candidates = telling.length > 0 ? telling : own;
  const notes = ofColumns.map(({ file, what }): CardNote => {
    const [word] = particularIn(file, side.known);
    return {
      level: 'warn',
      message: `${file} ${what}, of a column by its name ("${word}"): it is not used`,
      advice: `where it has the answer's classes, set labels in ${CARD_FILE}`,
    };
  });
  const told = [...ofColumns, ...candidates];
  if (candidates.length === 0) return { telling: [], notes, told };
  const [first, ...others] = candidates;
  const differ = others.some(({ classes }) => classes!.join('\n') !== first!.classes!.join('\n'));
  if (differ) {
    const files = candidates.map(({ file }) => file).join(' and ');
    const message = `${files} have different names for as many classes as the model has: none is used`;
    notes.push({ level: 'warn', message, advice: `set labels in ${CARD_FILE}` });
    return { telling: [], notes, told };
  }
  const labels = [...first!.classes!];
  const { file } = first!;
  if (telling.length > 0) return { telling: [{ labels, file }], notes, told };
  const basis = 'it lies beside the model, and has as many texts as there are classes';
  return {
    found: { labels, file, numbered: false, source: 'code', basis, certainty: 'guess' },
    telling: [],
    notes,
    told,
  };
}
