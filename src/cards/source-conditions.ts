import type { Token } from './source-tokens.js';

/** What source code asks of a prediction. */
export interface Condition {
  /** Its first word, and the first behind it. */
  from: number;
  to: number;
  /** What is compared: what asks the same of it has the same. */
  key: string;
  /** The class that is meant where it holds. */
  which: number;
  /** What the prediction is compared with; undefined where it is the number of a class, or isn't known. */
  threshold?: number;
}

/** What predictions are called. */
const speaks =
  /pred|prob|sigmoid|argmax|y_?hat|output|likelihood|^(?:p|y|out|result|results|res|ans|answer)$|(?:^|_)(?:score|risk|idx|index)$/i;
/** What is no prediction though it is near one. */
const otherwise =
  /confiden|certain|accura|loss|epoch|count|^len$|length|size|time|amount|error|status|current|button|upload/i;
const ofThreshold = /thresh|cut_?off/i;

/** How comparisons go: of one probability the first class is meant where it is small. */
const signs: Record<string, 'more' | 'less' | 'equal'> = {
  '>': 'more',
  '>=': 'more',
  '<': 'less',
  '<=': 'less',
  '==': 'equal',
  '===': 'equal',
};
/** Arithmetic: what is computed of a prediction may be anything. */
const computes = /^(?:[-+*/%!]|&&|\|\|)$/;
/** The most words of what is compared, and of an assignment that is looked at. */
const [mostWords, mostAssigned] = [60, 40];

const isSign = (token: Token | undefined, ...texts: string[]): boolean =>
  token?.kind === 'sign' && texts.includes(token.text);

/**
 * What source code asks of predictions, in its order.
 * @param width how many numbers the model answers with
 */
export function conditionsIn(tokens: readonly Token[], width: number): Condition[] {
  const known = predictedIn(tokens);
  const thresholds = thresholdsIn(tokens);
  const found: Condition[] = [];
  /** Names that are true or false by a prediction: `is_spam = p > 0.5`. */
  const flags = new Map<string, Condition>();
  tokens.forEach((token, at) => {
    const condition = comparisonAt(tokens, at, width, known, thresholds) ?? flagAt(tokens, at, flags);
    if (!condition) return;
    found.push(condition);
    const from = beforeBrackets(tokens, condition.from);
    const name = isSign(tokens[from], '=') ? tokens[from - 1] : undefined;
    if (name?.kind === 'name' && token.kind === 'sign') {
      flags.set(name.text, { ...condition, key: name.text });
      known.add(name.text);
    }
  });
  return found;
}

/** What a model's answers are assigned to. */
function predictedIn(tokens: readonly Token[]): Set<string> {
  const names = new Set<string>();
  tokens.forEach((token, at) => {
    const name = tokens[at - 1];
    if (!isSign(token, '=') || name?.kind !== 'name') return;
    for (let next = at + 1; next < at + mostAssigned && tokens[next]?.line === token.line; next++) {
      if (isSign(tokens[next], ';')) break;
      if (/^predict|argmax/i.test(tokens[next]!.text) && isSign(tokens[next + 1], '(')) names.add(name.text);
    }
  });
  return names;
}

/** Numbers that thresholds are set to; NaN where there are several. */
function thresholdsIn(tokens: readonly Token[]): Map<string, number> {
  const found = new Map<string, number>();
  tokens.forEach(({ kind, text }, at) => {
    if (kind !== 'name' || !ofThreshold.test(text) || !isSign(tokens[at + 1], '=')) return;
    const value = tokens[at + 2]?.kind === 'number' && tokens[at + 3]?.line !== tokens[at + 2]!.line;
    const number = value || isSign(tokens[at + 3], ';', ',', ')') ? Number(tokens[at + 2]!.text) : Number.NaN;
    found.set(text, found.has(text) && found.get(text) !== number ? Number.NaN : number);
  });
  return found;
}

/** A comparison of a prediction whose sign stands at a place. */
function comparisonAt(
  tokens: readonly Token[],
  at: number,
  width: number,
  known: ReadonlySet<string>,
  thresholds: ReadonlyMap<string, number>,
): Condition | undefined {
  const { kind, text } = tokens[at]!;
  const way = kind === 'sign' && Object.hasOwn(signs, text) ? signs[text] : undefined;
  const from = way && startOf(tokens, at);
  if (from === undefined) return undefined;
  const words = tokens.slice(from, at);
  const names = words.filter((word) => word.kind === 'name').map((word) => word.text);
  const isOne = names.some((name) => speaks.test(name) || known.has(name));
  if (!isOne || names.some((name) => otherwise.test(name))) return undefined;
  if (words.some((word) => word.kind === 'sign' && computes.test(word.text))) return undefined;
  const right = rightOf(tokens, at + 1, thresholds);
  if (!right || isSign(tokens[right.to], '+', '-', '*', '/', '%', '.', '<', '>')) return undefined;
  const key = words.map((word) => word.text).join(' ');
  const one = { from, to: right.to, key };
  if (way === 'equal') {
    const isClass = Number.isInteger(right.number) && right.number! < Math.max(2, width);
    return isClass ? { ...one, which: right.number! } : undefined;
  }
  const which = classOf(words, width);
  const { number } = right;
  if (which === undefined || (number !== undefined && !(number <= 1 || number === 50))) return undefined;
  const threshold = number !== undefined && number > 0 && number < 1 ? { threshold: number } : {};
  return { ...one, which: way === 'more' ? which : 1 - which, ...threshold };
}

/** Where what is compared begins: a name with what is done to it, `float(model.predict(x)[0][0])`. */
function startOf(tokens: readonly Token[], end: number): number | undefined {
  for (let at = end - 1; at >= 0 && end - at <= mostWords; at--) {
    const token = tokens[at]!;
    if (isSign(token, ')', ']')) {
      at = openingOf(tokens, at, end - mostWords);
      if (at < 0) return undefined;
      const before = tokens[at - 1];
      const goesOn = before?.kind === 'name' ? !isWord(before) : isSign(before, ')', ']');
      if (!goesOn) return isSign(tokens[at], '(') ? at : undefined;
    } else if (token.kind !== 'name') return undefined;
    else if (isSign(tokens[at - 1], '.')) at--;
    else return isSign(tokens[at - 1], '+', '-', '*', '/', '%', '!') ? undefined : at;
  }
  return undefined;
}

/** Words of the languages, which call nothing. */
export const isWord = ({ kind, text }: Token): boolean =>
  kind === 'name' && /^(?:if|elif|else|and|or|not|in|is|return|while|for|print)$/.test(text) && text !== 'print';

/** Where the bracket opens that closes at a place; -1 where that is too far away. */
function openingOf(tokens: readonly Token[], close: number, least: number): number {
  let depth = 0;
  for (let at = close; at >= Math.max(0, least); at--) {
    if (isSign(tokens[at], ')', ']', '}')) depth++;
    else if (isSign(tokens[at], '(', '[', '{') && --depth === 0) return at;
  }
  return -1;
}

/** What a prediction is compared with: a number, or what is called a threshold. */
function rightOf(
  tokens: readonly Token[],
  from: number,
  thresholds: ReadonlyMap<string, number>,
): { number?: number; to: number } | undefined {
  const first = tokens[from];
  if (first?.kind === 'number') return { number: Number(first.text.replaceAll('_', '')), to: from + 1 };
  let at = from;
  while (tokens[at]?.kind === 'name' && isSign(tokens[at + 1], '.') && tokens[at + 2]?.kind === 'name') at += 2;
  const name = tokens[at];
  if (name?.kind !== 'name' || !ofThreshold.test(name.text)) return undefined;
  const number = thresholds.get(name.text);
  return { ...(number !== undefined && !Number.isNaN(number) && { number }), to: at + 1 };
}

/**
 * The class whose probability is compared: of one number the second, of two the one whose place is said. Undefined where it may be
 * another output's.
 */
function classOf(words: readonly Token[], width: number): number | undefined {
  const places = words.flatMap(({ kind, text }, at) =>
    kind === 'number' && isSign(words[at - 1], '[', ',') && isSign(words[at + 1], ']', ',') ? [Number(text)] : [],
  );
  if (width === 1) return places.every((place) => place === 0) ? 1 : undefined;
  const [row, place, ...others] = places;
  return width === 2 && row === 0 && (place === 0 || place === 1) && others.length === 0 ? place : undefined;
}

/** What is true or false by a prediction, where it is asked for by its name. */
function flagAt(tokens: readonly Token[], at: number, flags: ReadonlyMap<string, Condition>): Condition | undefined {
  const { kind, text } = tokens[at]!;
  const flag = kind === 'name' && flags.get(text);
  if (!flag) return undefined;
  const { from, to } = withoutBrackets(tokens, at, at + 1);
  const next = tokens[to];
  const isAsked = tokens[from - 1]?.kind === 'name' && /^(?:el)?if$/.test(tokens[from - 1]!.text);
  const ends = isSign(next, ':', '?', '{') || next?.text === 'else';
  return ends && (isAsked || isSign(next, '?')) ? { ...flag, from: at, to: at + 1 } : undefined;
}

/** What stands before brackets around a condition, and before what makes a number of it. */
function beforeBrackets(tokens: readonly Token[], from: number): number {
  let at = from - 1;
  while (isSign(tokens[at], '(')) at -= /^(?:int|bool|Number|Boolean)$/.test(tokens[at - 1]?.text ?? '') ? 2 : 1;
  return at;
}

/** A place without the brackets around it. */
export function withoutBrackets(tokens: readonly Token[], from: number, to: number): { from: number; to: number } {
  let place = { from, to };
  while (isSign(tokens[place.from - 1], '(') && isSign(tokens[place.to], ')'))
    place = { from: place.from - 1, to: place.to + 1 };
  return place;
}
