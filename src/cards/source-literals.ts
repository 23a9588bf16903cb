/** Lists and objects of texts in source code, read by a small grammar that Python and JavaScript share. Nothing is run. */

/** Texts that source code has in a literal. */
export interface SourceLiteral {
  /** What it is assigned to: `CLASS_NAMES`; a key of an object too. */
  name: string;
  /** The texts of a list; of an object those that have the numbers from 0 on, in their order. */
  texts: string[];
  /** Whether one of them is taken by a prediction where it stands: `["cat", "dog"][np.argmax(prediction)]`. */
  isIndexed?: true;
  /** Whether the texts of a column, which has the name, are made numbers by it: `df["label"].map({"ham": 0, "spam": 1})`. */
  isEncoding?: true;
}

/** The most characters of a literal. */
const longest = 200_000;
/** Characters before a literal in which its name is looked for. */
const namedWithin = 200;

/** A bracket behind which a text or number comes. */
const start = /[[{(](?=\s*(?:#[^\n]{0,200}\s*|\/\/[^\n]{0,200}\s*)?[urbURB]?["'`\d])/g;
/** What makes an array of a literal, or holds it. */
const makers = ['np.array(', 'np.asarray(', 'numpy.array(', 'list(', 'tuple(', 'dict(', 'Object.freeze('];
/** The word at the end of a text, and a key. */
const [word, key] = [/([A-Za-z_$][\w$]{0,60})$/, /(?:"([\w$ -]{1,60})"|'([\w$ -]{1,60})'|([A-Za-z_$][\w$]{0,60}))$/];
/** A type of TypeScript or Python, with its colon. */
const type = /\s*:\s*[\w<>[\], ]{1,40}$/;

/** What a literal at a place is assigned to; undefined where it is nothing, or the line is a comment. */
function nameOf(source: string, index: number): string | undefined {
  // Most of it goes by its end alone: there are many brackets, and few of them have a name.
  let before = source.slice(Math.max(0, index - namedWithin), index).trimEnd();
  const maker = makers.find((one) => before.endsWith(one));
  if (maker) before = before.slice(0, -maker.length).trimEnd();
  const sign = before.at(-1);
  if (sign !== '=' && sign !== ':') return undefined;
  const line = before.slice(before.lastIndexOf('\n') + 1, -1).trimEnd();
  if (/^\s*(?:#|\/\/|\*)/.test(line)) return undefined;
  if (sign === '=') return word.exec(line.replace(type, ''))?.[1];
  return key.exec(line)?.slice(1).find(Boolean);
}

/** What makes numbers of the texts of a column. */
const encoder = /(?:\[["']([\w -]{1,60})["']\]|[\w)\]]\.(\w{1,60}))\.(?:map|replace)\($/;

/** The column whose texts an object at a place makes numbers of; undefined where it is something else, or the line is a comment. */
function columnOf(source: string, index: number): string | undefined {
  if (source[index] !== '{' || source[index - 1] !== '(') return undefined;
  const before = source.slice(Math.max(0, index - namedWithin), index);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return /^\s*#/.test(line) ? undefined : encoder.exec(line)?.slice(1).find(Boolean);
}

/** The most literals that are looked at. */
const mostLiterals = 20_000;

/** The literals in a text that have a name. */
export function* literalsIn(source: string): Generator<SourceLiteral> {
  let count = 0;
  for (const { index } of source.matchAll(start)) {
    if (++count > mostLiterals) return;
    const column = columnOf(source, index);
    const name = column ?? nameOf(source, index);
    if (name === undefined && source[index] === '(') continue;
    const literal = new LiteralReader(source, index).literal();
    if (literal?.isIndexed) yield { name: name ?? 'a list', texts: literal.texts, isIndexed: true };
    else if (literal && name !== undefined)
      yield { name, texts: literal.texts, ...(column !== undefined && { isEncoding: true as const }) };
  }
}

const closing: Record<string, string> = { '[': ']', '(': ')', '{': '}' };
// Bounded, so that no place is read over and over.
const space = /(?:\s|(?:#|\/\/)[^\n]{0,300}\n)*/y;
const rest = /[ \t]*(?:$|[\r\n;,)\]}#]|\/\/)/y;
/** What takes one text: no part of them, and no place that stands there. */
const indexed =
  /\[\s{0,9}(?=[^\]\n]{0,100}(?:pred|prob|argmax|idx|index|indices|class|label|result))[a-z_$][\w$.()[\], >=+-]{0,100}\]/iy;
const number = /\d{1,7}(?![\w.])/y;
const text = /[uU]?(?:"((?:[^"\\\n]|\\.){0,1000})"|'((?:[^'\\\n]|\\.){0,1000})'|`((?:[^`\\$]|\\.){0,1000})`)/y;

class LiteralReader {
  private at: number;
  private readonly end: number;

  constructor(
    private readonly source: string,
    start: number,
  ) {
    this.at = start;
    this.end = start + longest;
  }

  /** The texts of the literal, and whether one is taken; undefined where it is something else. */
  literal(): { texts: string[]; isIndexed: boolean } | undefined {
    const texts = this.texts();
    const isIndexed = texts !== undefined && this.isIndexed;
    return texts && (isIndexed || this.isWhole) ? { texts, isIndexed } : undefined;
  }

  private texts(): string[] | undefined {
    const open = this.source[this.at++]!;
    const isObject = open === '{';
    const list: string[] = [];
    const pairs: [number, string][] = [];
    for (;;) {
      if (this.takes(closing[open]!)) return isObject ? inOrder(pairs) : list;
      if (isObject) {
        const pair = this.pair();
        if (!pair) return undefined;
        pairs.push(pair);
      } else {
        const item = this.text();
        if (item === undefined) return undefined;
        list.push(item);
      }
      if (!this.takes(',') && !this.isAt(closing[open]!)) return undefined;
    }
  }

  /** Whether nothing is done with the literal where it stands: no `+ […]`, `[::-1]`, `.sort()`. */
  private get isWhole(): boolean {
    rest.lastIndex = this.at;
    return rest.test(this.source);
  }

  /** Whether one text is taken, by what is called like a prediction. */
  private get isIndexed(): boolean {
    indexed.lastIndex = this.at;
    return indexed.test(this.source);
  }

  /** `0: "cat"`, `"cat": 0`, `"0": "cat"` */
  private pair(): [number, string] | undefined {
    const key = this.text() ?? this.number();
    if (key === undefined || !this.takes(':')) return undefined;
    const value = this.text() ?? this.number();
    if (value === undefined) return undefined;
    if (typeof key === 'number') return typeof value === 'string' ? [key, value] : undefined;
    if (typeof value === 'number') return [value, key];
    return /^\d{1,7}$/.test(key) ? [Number(key), value] : undefined;
  }

  private text(): string | undefined {
    const match = this.match(text);
    const found = match?.[1] ?? match?.[2] ?? match?.[3];
    return found === undefined || strange.test(found) ? undefined : unescaped(found);
  }

  private number(): number | undefined {
    const match = this.match(number);
    return match ? Number(match[0]) : undefined;
  }

  private takes(character: string): boolean {
    const isThere = this.isAt(character);
    if (isThere) this.at++;
    return isThere;
  }

  private isAt(character: string): boolean {
    this.match(space);
    return this.source[this.at] === character;
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    if (pattern !== space) this.match(space);
    if (this.at > this.end) return null;
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.source);
    if (match) this.at = pattern.lastIndex;
    return match;
  }
}

/** Texts whose numbers are all those from 0 on. */
function inOrder(pairs: readonly [number, string][]): string[] | undefined {
  const sorted = pairs.toSorted(([one], [other]) => one - other);
  return sorted.every(([index], at) => index === at) ? sorted.map(([, text]) => text) : undefined;
}

/** Escapes that mean something else in each language, or nothing that a label has. */
const strange = /(?<!\\)(?:\\\\)*\\(?![ntr'"`\\ux])/;
const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r' };

/** A text without its escapes. */
const unescaped = (text: string): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/gs, (_all, unicode, hex, other) =>
    other === undefined ? String.fromCharCode(Number.parseInt(unicode ?? hex, 16)) : (escapes[other] ?? other),
  );
