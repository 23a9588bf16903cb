/** What a table tells that a model was perhaps trained on. */
export interface SideTable {
  /** The place of its only column of texts. */
  texts?: number;
  /** How many different values each column has in the first rows. */
  different: readonly number[];
}

/** The most rows that are looked at. */
const mostRows = 300;

/** A cell, quoted or not, and what ends it. */
const cells: Record<string, RegExp> = Object.fromEntries(
  [',', ';', '\t'].map((separator) => [
    separator,
    new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}]*))(?:${separator}|$)`, 'y'),
  ]),
);

/** The cells of a line of a table; undefined where a quoted text goes on in the next. */
function cellsOf(line: string, separator: string): string[] | undefined {
  const found: string[] = [];
  const cell = cells[separator]!;
  // With a separator at its end a line ends with an empty cell.
  for (cell.lastIndex = 0; ; ) {
    const match = cell.exec(line);
    if (!match) return undefined;
    found.push((match[1]?.replaceAll('""', '"') ?? match[2]!).trim());
    if (cell.lastIndex >= line.length) return line.endsWith(separator) && match[0] !== '' ? [...found, ''] : found;
  }
}

/** What a log of a training has for columns. */
const ofTraining = /^(?:epoch|(?:val_)?(?:loss|accuracy|acc|mae|mse))$/i;

/** The header of a table of numbers, of which one column may be of texts; undefined where it is something else. */
export function contentOfCsv(start: string): { what: string; columns: string[]; table: SideTable } | undefined {
  const lines = start.split(/\r?\n/, mostRows).filter((line) => line !== '');
  const unquoted = (lines[0] ?? '').replace(/"[^"]*"/g, '');
  const separator = Object.keys(cells).find((one) => unquoted.includes(one)) ?? ',';
  const [names, ...rows] = lines.map((line) => cellsOf(line, separator));
  if (!names || names.length < 2 || rows.length === 0) return undefined;
  if (!rows.every((row) => row?.length === names.length)) return undefined;
  if (names.some((name) => name === '' || isNumber(name) || ofTraining.test(name))) return undefined;
  const texts = names.flatMap((_, place) => (rows.every((row) => isNumber(row![place]!)) ? [] : [place]));
  if (texts.length > 1) return undefined;
  const different = names.map((_, place) => new Set(rows.map((row) => row![place])).size);
  const [first] = texts;
  return {
    what: `has a header of ${names.length} columns`,
    columns: names,
    table: { different, ...(first !== undefined && { texts: first }) },
  };
}

/** Whether a cell is a number, or empty. */
const isNumber = (cell: string): boolean => !Number.isNaN(Number(cell));

/** What columns of answers are called in tables. */
const answers = /^(?:targets?|labels?|y|class|outputs?|outcome)$/i;

/**
 * The names of a table's columns but for the answer's.
 * @param width how many there are
 * @param classes how many the model tells apart; undefined where it answers with a quantity
 * @returns undefined where nothing says which column is the answer
 */
export function columnsWithoutAnswer(
  columns: readonly string[],
  { texts, different }: SideTable,
  width: number,
  classes: number | undefined,
): { names: readonly string[]; answer?: string; isNamed: boolean } | undefined {
  if (columns.length === width) return texts === undefined ? { names: columns, isNamed: false } : undefined;
  if (columns.length !== width + 1) return undefined;
  const named = columns.findIndex((name) => answers.test(name));
  const place = texts ?? (named >= 0 ? named : answerAt(different, classes));
  if (place === undefined) return undefined;
  return { names: columns.filter((_, at) => at !== place), answer: columns[place]!, isNamed: place === named };
}

/** The last column, unless the first has as few values as there are classes: then it may be that one. */
function answerAt(different: readonly number[], classes: number | undefined): number | undefined {
  if (classes === undefined) return different.length - 1;
  const [first, last] = [different[0]! <= classes, different.at(-1)! <= classes];
  if (first === last) return undefined;
  return first ? 0 : different.length - 1;
}
