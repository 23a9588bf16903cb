import type { FoundPadding } from '../datapoints/kind.js';
import type { Beside } from './card-files.js';
import { readSources } from './source-files.js';
import { SourceBudget, type Token, tokensOf } from './source-tokens.js';

/** The most words of a call. */
const mostWords = 200;

/** What is said where nothing is: Keras's own. */
const usual = 'pre';
const sides: readonly string[] = ['pre', 'post'];

/** What one call of `pad_sequences` says. */
interface Padding {
  padding: string | undefined;
  truncating: string | undefined;
  /** How long lists become; undefined where that isn't known. */
  length: number | undefined;
}

/**
 * On which side source code beside a model fills up lists of ids and cuts them: what all calls of `pad_sequences` say that may make such as the model
 * takes. Nothing is run.
 * @param size how many ids the model takes
 */
export async function findPadding(besides: readonly Beside[], size: number): Promise<FoundPadding | undefined> {
  const budget = new SourceBudget();
  for (const { folder, names } of besides) {
    const found: (Padding & { file: string })[] = [];
    for (const { file, source, language } of await readSources(folder, names))
      if (language === 'python') found.push(...paddingsIn(source, budget).map((one) => ({ ...one, file })));
    const [first, ...others] = found.filter(({ length }) => length === undefined || length === size);
    if (!first) continue;
    const { padding, truncating, file } = first;
    const isSame = others.every((one) => one.padding === padding && one.truncating === truncating);
    if (!isSame || !isSide(padding) || !isSide(truncating)) return undefined;
    return { padding, truncating, file };
  }
  return undefined;
}

const isSide = (side: string | undefined): side is 'pre' | 'post' => side !== undefined && sides.includes(side);

/** What each call of `pad_sequences` in a text says. */
export function paddingsIn(source: string, budget = new SourceBudget()): Padding[] {
  if (!source.includes('pad_sequences') || !budget.takes(source)) return [];
  const tokens = tokensOf(source, 'python') ?? [];
  const constants = constantsIn(tokens);
  return tokens.flatMap((token, at) => {
    const isCall = token.kind === 'name' && token.text === 'pad_sequences' && tokens[at + 1]?.text === '(';
    if (!isCall || tokens[at - 1]?.text === 'def') return [];
    const said = argumentsOf(tokens, at + 2);
    const constantOf = (name: string) => {
      const value = said.get(name);
      return value?.kind === 'name' ? constants.get(value.text) : value;
    };
    const sideOf = (name: string) => (said.has(name) ? constantOf(name)?.text : usual);
    const length = constantOf('maxlen');
    return {
      padding: sideOf('padding'),
      truncating: sideOf('truncating'),
      length: length?.kind === 'number' ? Number(length.text) : undefined,
    };
  });
}

/** Names that are set to one text or number; undefined where to several, or to something else. */
function constantsIn(tokens: readonly Token[]): Map<string, Token | undefined> {
  const found = new Map<string, Token | undefined>();
  tokens.forEach(({ kind, text, line }, at) => {
    const [sign, value, next] = tokens.slice(at + 1, at + 4);
    const isFirst = tokens[at - 1]?.line !== line;
    if (kind !== 'name' || !isFirst || sign?.kind !== 'sign' || sign.text !== '=' || !value) return;
    const isConstant = (value.kind === 'text' || value.kind === 'number') && next?.line !== value.line;
    const isOther = found.has(text) && found.get(text)?.text !== value.text;
    found.set(text, isConstant && !isOther ? value : undefined);
  });
  return found;
}

/** The named arguments of a call that are one word each. @param from the first word behind its bracket */
function argumentsOf(tokens: readonly Token[], from: number): Map<string, Token | undefined> {
  const found = new Map<string, Token | undefined>();
  let depth = 0;
  for (let at = from; at < Math.min(tokens.length, from + mostWords) && depth >= 0; at++) {
    const { kind, text } = tokens[at]!;
    if (kind === 'sign' && '([{'.includes(text)) depth++;
    else if (kind === 'sign' && ')]}'.includes(text)) depth--;
    else if (kind === 'name' && depth === 0 && tokens[at + 1]?.text === '=') {
      const isWhole = /^[,)]$/.test(tokens[at + 3]?.text ?? '');
      found.set(text, isWhole ? tokens[at + 2] : undefined);
    }
  }
  return found;
}
