import { choicesIn, type SourceChoice } from './source-choices.js';
import { columnsIn, type SourceColumns } from './source-columns.js';
import { literalsIn, type SourceLiteral } from './source-literals.js';
import { type Padding, paddingsIn } from './source-padding.js';
import { type Language, SourceCode } from './source-tokens.js';
import { type SourceUses, usesIn } from './source-uses.js';

/** What a file of source code says that may be of use to a model beside it. */
export interface SourceContent extends SourceUses {
  /** The lists and objects of texts in it. */
  lists: SourceLiteral[];
  /** Texts that it chooses between by a prediction; none where nobody asked for them. */
  choices: SourceChoice[];
  /** What its calls of `pad_sequences` say. */
  paddings: Padding[];
  /** Names that may be those of the columns of a table. */
  columns: SourceColumns[];
}

/** How files of source code are read. */
export type SourceReader = 'python' | 'javascript' | 'notebook';

const languages: Record<SourceReader, { language: Language; codeIn: (text: string) => string }> = {
  python: { language: 'python', codeIn: (text) => text },
  javascript: { language: 'javascript', codeIn: (text) => text },
  notebook: { language: 'python', codeIn: cellsOf },
};

/** Whether something is read as source code. */
export const isSourceReader = (reader: string): reader is SourceReader => Object.hasOwn(languages, reader);

/**
 * What a file of source code says. Nothing is run.
 * @param imported the code of files that it takes functions from
 */
export function contentOfSource(reader: SourceReader, text: string, imported = ''): Omit<SourceContent, 'choices'> {
  const code = codeOf(reader, text);
  return {
    lists: [...literalsIn(code.text)],
    paddings: paddingsIn(code),
    columns: columnsIn(code),
    ...usesIn(code, new SourceCode(imported, 'python')),
  };
}

/** The texts that a file of source code chooses between. @param width how many numbers the model answers with, where they are no picture's */
export const choicesOfSource = (reader: SourceReader, text: string, width: number): SourceChoice[] =>
  choicesIn(codeOf(reader, text), width);

function codeOf(reader: SourceReader, text: string): SourceCode {
  const { language, codeIn } = languages[reader];
  return new SourceCode(codeIn(text), language);
}

/** The code of a notebook. */
function cellsOf(text: string): string {
  try {
    const { cells } = JSON.parse(text) as { cells?: { cell_type?: string; source?: string | string[] }[] };
    const sources = (Array.isArray(cells) ? cells : []).filter((cell) => cell?.cell_type === 'code');
    return sources.map(({ source }) => (Array.isArray(source) ? source.join('') : String(source ?? ''))).join('\n');
  } catch {
    return '';
  }
}
