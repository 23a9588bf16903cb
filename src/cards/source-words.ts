import type { Token } from './source-tokens.js';

/** Some words of source code: the first, and the first behind them. */
export interface Span {
  from: number;
  to: number;
}

/** A call: the place of its bracket, and all that is called, `tf.image.resize`, after a point where that is of something else. */
export interface Call {
  open: number;
  path: string;
}

/** The words of source code by the brackets, commas and lines between them. */
export class SourceWords {
  /** All calls, by the last word of what is called. */
  private callsByName: Map<string, Call[]> | undefined;

  constructor(readonly tokens: readonly Token[]) {}

  /** The calls in a span. */
  *calls({ from, to }: Span): Generator<Call> {
    for (let at = from; at < to; at++)
      if (this.is(at, '(') && this.tokens[at - 1]?.kind === 'name') yield { open: at, path: this.pathOf(at) };
  }

  /** All calls of what has a name. */
  callsOf(name: string): readonly Call[] {
    if (!this.callsByName) {
      this.callsByName = new Map();
      for (const call of this.calls({ from: 0, to: this.tokens.length })) {
        const { text } = this.tokens[call.open - 1]!;
        const all = this.callsByName.get(text);
        if (all) all.push(call);
        else this.callsByName.set(text, [call]);
      }
    }
    return this.callsByName.get(name) ?? [];
  }

  /** The arguments of a call, by their places, and those that have names. */
  argumentsOf(open: number): { list: Span[]; named: Map<string, Span> } {
    const [list, named] = [[] as Span[], new Map<string, Span>()];
    for (const one of this.itemsOf({ from: open + 1, to: this.closing(open) })) {
      const { kind, text } = this.tokens[one.from]!;
      if (kind === 'name' && this.is(one.from + 1, '=')) named.set(text, { from: one.from + 2, to: one.to });
      else list.push(one);
    }
    return { list, named };
  }

  /** What stands between commas. */
  itemsOf({ from, to }: Span): Span[] {
    const items: Span[] = [];
    let [depth, start] = [0, from];
    for (let at = from; at <= to; at++) {
      if (at === to || (depth === 0 && this.is(at, ','))) {
        if (at > start) items.push({ from: start, to: at });
        start = at + 1;
      } else depth += this.depthAt(at);
    }
    return items;
  }

  /** The bracket that closes one. */
  closing(open: number): number {
    let depth = 0;
    for (let at = open; at < this.tokens.length; at++) {
      depth += this.depthAt(at);
      if (depth === 0) return at;
    }
    return this.tokens.length;
  }

  /** What a method is called of: `scaler` of `scaler.transform(x)`; what is called itself where it is no method. */
  receiverOf(open: number): Span {
    const from = this.firstOf(open);
    return { from, to: Math.max(open - 2, from + 1) };
  }

  /** The first word of what is called. */
  firstOf(open: number): number {
    let first = open - 1;
    while (this.is(first - 1, '.') && this.tokens[first - 2]?.kind === 'name') first -= 2;
    return first;
  }

  /** The line of code that a word stands in. */
  lineAt(at: number): Span {
    const { line } = this.tokens[at]!;
    let [from, to] = [at, at + 1];
    while (from > 0 && this.tokens[from - 1]!.line === line) from--;
    while (to < this.tokens.length && this.tokens[to]!.line === line) to++;
    return { from, to };
  }

  /** The texts of a span. */
  textsIn({ from, to }: Span): string[] {
    return this.tokens.slice(from, to).flatMap(({ kind, text }) => (kind === 'text' ? [text] : []));
  }

  /** A span without spaces. */
  writtenAt({ from, to }: Span): string {
    return this.tokens
      .slice(from, to)
      .map(({ text }) => text)
      .join('');
  }

  /** Whether one of these stands at a place. */
  is(at: number, ...signs: string[]): boolean {
    const token = this.tokens[at];
    return token?.kind === 'sign' && signs.includes(token.text);
  }

  /** How a word changes how many brackets are open. */
  depthAt(at: number): number {
    return this.is(at, '(', '[', '{') ? 1 : this.is(at, ')', ']', '}') ? -1 : 0;
  }

  private pathOf(open: number): string {
    const first = this.firstOf(open);
    return (this.is(first - 1, '.') ? '.' : '') + this.writtenAt({ from: first, to: open });
  }
}
