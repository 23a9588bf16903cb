import type { SourceCode, Token } from './source-tokens.js';

/** The most words of a call. */
const mostWords = 200;

/** What is said where nothing is: Keras's own. */
const usual = 'pre';

/** What one call of `pad_sequences` says. */
export interface Padding {
  padding: string | undefined;
  truncating: string | undefined;
  /** How long lists become; undefined where that isn't known. */
  length: number | undefined;
}

/** What each call of `pad_sequences` in code says. Nothing is run. */
export function paddingsIn(code: SourceCode): Padding[] {
  if (code.language !== 'python' || !code.text.includes('pad_sequences')) return [];
  const { tokens } = code;
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
