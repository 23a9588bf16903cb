/** Source code of Python and JavaScript as words: so much of a grammar as both share. Nothing is run. */

/** The languages that are told apart, by what a comment is. */
export type Language = 'python' | 'javascript';

/** The most characters of a file's code that are read as words. */
const longest = 300_000;

/** The code of one file, which is read as words once it is needed. */
export class SourceCode {
  constructor(
    readonly text: string,
    readonly language: Language,
  ) {}

  /** Its words; none where there are more than are read, or where it is something else. */
  get tokens(): readonly Token[] {
    this.words ??= this.text.length > longest ? [] : (tokensOf(this.text, this.language) ?? []);
    return this.words;
  }

  private words: readonly Token[] | undefined;
}

/** A word of source code. */
export interface Token {
  kind: 'text' | 'number' | 'name' | 'sign';
  /** As it is written; of a text what stands between its quotes. */
  text: string;
  /** Of a text, whether what is in braces is filled in: `f"{a}"`, a template with `${a}`. */
  isFilled?: boolean;
  /** The line of code that it stands in, which goes on as long as a bracket is open. */
  line: number;
  /** How far that line is indented. */
  indent: number;
}

/** The most words that are read of a file, and quotes that nothing closes. */
const [most, mostOpen] = [200_000, 100];

const comments: Record<Language, string> = { python: '#[^\\n]*', javascript: '//[^\\n]*|/\\*[^]*?(?:\\*/|$)' };
/** Texts by their quotes. What is too long for a name of anything is passed over as if nothing closed it. */
const texts = [
  '"""([^]*?)"""',
  "'''([^]*?)'''",
  '"((?:[^"\\\\\\n]|\\\\[^\\n])*)"',
  "'((?:[^'\\\\\\n]|\\\\[^\\n])*)'",
  '`((?:[^`\\\\]|\\\\[^]){0,5000})`',
];
const patternOf = (language: Language): RegExp =>
  new RegExp(
    [
      '(?<start>\\r?\\n[ \\t]*)',
      `[ \\t\\f]+|\\\\\\r?\\n|(?:${comments[language]})`,
      `(?<prefix>[rRuUbBfF]{0,2})(?:${texts.join('|')})`,
      '(?<open>["\'`][^\\n]*)',
      '(?<number>(?:\\d[\\d_]*\\.?|\\.\\d)\\d*(?:[eE][+-]?\\d+)?)',
      '(?<name>[\\p{L}_$][\\p{L}\\p{N}_$]*)',
      '(?<sign>===|!==|[=!<>]=|=>|&&|\\|\\||[^])',
    ].join('|'),
    'uy',
  );
const patterns: Record<Language, RegExp> = { python: patternOf('python'), javascript: patternOf('javascript') };

const widthOf = (space: string): number => space.replace(/[\r\n]/g, '').replaceAll('\t', '    ').length;

/** The words of source code; undefined where there are more than are read, or where it is something else. */
function tokensOf(source: string, language: Language): Token[] | undefined {
  const tokens: Token[] = [];
  const pattern = patterns[language];
  let [line, indent, depth, open] = [0, 0, 0, 0];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < source.length) {
    const [, start, prefix, long2, long1, short2, short1, template, unclosed, number, name, sign] =
      pattern.exec(source)!;
    const text = long2 ?? long1 ?? short2 ?? short1 ?? template;
    if (start !== undefined && depth === 0) [line, indent] = [line + 1, widthOf(start)];
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, line, indent });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, line, indent });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, line, indent });
    else if (text !== undefined) {
      const isFilled = template !== undefined ? template.includes('${') : prefix !== '' && /f/i.test(prefix!);
      tokens.push({ kind: 'text', text, ...(isFilled && { isFilled }), line, indent });
    }
    if (unclosed !== undefined) open++;
    if (tokens.length > most || open > mostOpen) return undefined;
    if (sign === '(' || sign === '[' || sign === '{') depth++;
    else if (sign === ')' || sign === ']' || sign === '}') depth = Math.max(0, depth - 1);
  }
  return tokens;
}
