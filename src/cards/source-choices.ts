import { type Condition, conditionsIn, withoutBrackets } from './source-conditions.js';
import { namesOf, type WrittenText } from './source-names.js';
import type { Language, SourceCode, Token } from './source-tokens.js';

/** Texts of which source code takes one by what a model answers, in the order of the classes. */
export interface SourceChoice {
  /** What the text is assigned to, or written by. */
  name: string;
  texts: string[];
  /** What the prediction is compared with. */
  threshold?: number;
  /** The line of code in which that is asked. */
  line: number;
}

/** The most words of what is done where a condition holds. */
const mostInBlock = 400;
/** And before an argument. */
const mostInCall = 60;

/** What is said to the eye alone, or to a program. */
const otherwise =
  /colou?r|style|css|icon|emoji|^bg|background|theme|image|img|^class_?(?:name|list)$|path|file|url|sound|audio|mode|variant|severity|border|font|type$|render|redirect|open|load|get|join|key|column|header|error_/i;

/**
 * The texts between which source code chooses by a prediction: `"Spam" if p > 0.5 else "Ham"`, or what is written or returned where a class is the
 * one or the other.
 * @param width how many numbers the model answers with
 */
export const choicesIn = (code: SourceCode, width: number): SourceChoice[] =>
  /predict/i.test(code.text) ? new ChoiceReader(code.tokens, code.language, width).choices() : [];

/** What texts are called that are printed, shown or put into a page. */
const written = 'what is written';

/** Some words: the first, and the first behind them. */
interface Span {
  from: number;
  to: number;
}

class ChoiceReader {
  private readonly conditions: readonly Condition[];
  /** Conditions by the place of their `if`. */
  private readonly byIf = new Map<number, Condition & Span>();
  private readonly classes: number;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly language: Language,
    width: number,
  ) {
    this.classes = Math.max(2, width);
    this.conditions = conditionsIn(tokens, width).map((one) => ({
      ...one,
      ...withoutBrackets(tokens, one.from, one.to),
    }));
    for (const one of this.conditions) if (this.is(one.from - 1, 'if', 'elif')) this.byIf.set(one.from - 1, one);
  }

  choices(): SourceChoice[] {
    return this.conditions.flatMap((one) => {
      const found = this.classes === 2 ? (this.conditional(one) ?? this.where(one)) : undefined;
      if (found)
        return this.choiceOf(one, new Map([[this.nameAt(found.from) ?? this.callAround(found.from), found.texts]]));
      return this.is(one.from - 1, 'if') ? this.choiceOf(one, this.chain(one.from - 1)) : [];
    });
  }

  /** What a condition chooses between. @param byName texts by what they are assigned to, in the order of the classes */
  private choiceOf(
    { threshold, from }: Condition,
    byName: ReadonlyMap<string | undefined, WrittenText[]>,
  ): SourceChoice[] {
    return [...byName].flatMap(([name, all]) => {
      const texts = name === undefined || otherwise.test(name) ? undefined : namesOf(all);
      return texts
        ? [{ name: name!, texts, line: this.tokens[from]!.line, ...(threshold !== undefined && { threshold }) }]
        : [];
    });
  }

  /** `"Spam" if p > 0.5 else "Ham"`, `p > 0.5 ? "Spam" : "Ham"` */
  private conditional({ from, to, which }: Condition): { from: number; texts: WrittenText[] } | undefined {
    if (this.is(from - 1, 'if') && this.is(to, 'else')) {
      const yes = this.textBefore(from - 1);
      const no = this.textAt(to + 1);
      // Of several that are chosen between one after the other these are but two.
      if (!yes || !no || this.is(yes.from - 1, 'else') || this.is(no.to, 'if')) return undefined;
      return { from: yes.from, texts: ordered(which, yes.text, no.text) };
    }
    if (!this.is(to, '?')) return undefined;
    const yes = this.textAt(to + 1);
    const no = yes && this.is(yes.to, ':') ? this.textAt(yes.to + 1) : undefined;
    const isSecond = this.is(from - 1, ':') && this.tokens[from - 2]?.kind === 'text' && this.is(from - 3, '?');
    return no && !isSecond ? { from, texts: ordered(which, yes!.text, no.text) } : undefined;
  }

  /** `np.where(p > 0.5, "Spam", "Ham")` */
  private where({ from, to, which }: Condition): { from: number; texts: WrittenText[] } | undefined {
    if (!this.is(from - 1, '(') || !this.is(from - 2, 'where') || !this.is(to, ',')) return undefined;
    const yes = this.textAt(to + 1);
    const no = yes && this.is(yes.to, ',') ? this.textAt(yes.to + 1) : undefined;
    if (!no || !this.is(no.to, ')')) return undefined;
    const start = this.is(from - 3, '.') ? from - 4 : from - 2;
    return { from: start, texts: ordered(which, yes!.text, no.text) };
  }

  /** Texts by name of `if … elif … else …`, where each class has one. @param start the first `if` */
  private chain(start: number): Map<string, WrittenText[]> {
    const none = new Map<string, WrittenText[]>();
    const first = this.byIf.get(start)!;
    const blocks = new Map<number, Span>();
    const missing = () => Array.from({ length: this.classes }, (_, at) => at).filter((at) => !blocks.has(at));
    let at = start;
    for (;;) {
      const one = this.byIf.get(at);
      const block = one && this.blockAt(one.to, at);
      if (!block || one.key !== first.key || one.threshold !== first.threshold || blocks.has(one.which)) return none;
      blocks.set(one.which, block);
      at = this.is(block.end, 'else') && this.is(block.end + 1, 'if') ? block.end + 1 : block.end;
      const goesOn = at > block.end || this.is(at, 'elif') || this.byIf.get(at)?.key === first.key;
      if (goesOn && this.tokens[at]!.indent === this.tokens[start]!.indent) continue;
      const [last, ...others] = missing();
      if (last === undefined && this.is(at, 'else')) return none;
      const rest = last === undefined || others.length > 0 ? undefined : this.restAt(at, block, start);
      if (rest) blocks.set(last!, rest);
      break;
    }
    if (missing().length > 0) return none;
    const texts = Array.from({ length: this.classes }, (_, which) => this.textsIn(blocks.get(which)!));
    const names = [...texts[0]!.keys()].filter((name) => texts.every((some) => some.has(name)));
    return new Map(names.map((name) => [name, texts.map((some) => some.get(name)!)]));
  }

  /** What is done where no condition holds: the `else`, or what comes after a `return`. */
  private restAt(at: number, { from, to }: Span, start: number): Span | undefined {
    if (this.is(at, 'else')) return this.blockAt(at + 1, at);
    const returns = this.tokens.slice(from, to).some(({ kind, text }) => kind === 'name' && text === 'return');
    const isNext = this.is(at, 'return') && this.tokens[at]!.indent === this.tokens[start]!.indent;
    return returns && isNext ? { from: at, to: this.endOfStatement(at) } : undefined;
  }

  /** What is done behind a condition, and where it goes on then. @param opener the word that it belongs to */
  private blockAt(at: number, opener: number): (Span & { end: number }) | undefined {
    if (this.language === 'python') {
      if (!this.is(at, ':')) return undefined;
      const { line, indent } = this.tokens[opener]!;
      const isInline = this.tokens[at + 1]?.line === line;
      const isIn = ({ line: other, indent: further }: Token) => (isInline ? other === line : further > indent);
      return this.spanOf(at + 1, isIn);
    }
    if (!this.is(at, '{')) return { ...this.statementAt(at), end: this.statementAt(at).to };
    let depth = 0;
    const isIn = ({ kind, text }: Token) => {
      if (kind === 'sign' && text === '{') depth++;
      return !(kind === 'sign' && text === '}' && depth-- === 0);
    };
    const block = this.spanOf(at + 1, isIn);
    return block && { ...block, end: block.to + 1 };
  }

  private statementAt = (from: number): Span => ({ from, to: this.endOfStatement(from) });

  private spanOf(from: number, isIn: (token: Token) => boolean): (Span & { end: number }) | undefined {
    let to = from;
    while (to < this.tokens.length && isIn(this.tokens[to]!)) if (++to - from > mostInBlock) return undefined;
    return to > from ? { from, to, end: to } : undefined;
  }

  private endOfStatement(from: number): number {
    const { line } = this.tokens[from] ?? { line: -1 };
    let to = from;
    while (to < this.tokens.length && this.tokens[to]!.line === line && to - from < mostInBlock)
      if (this.is(to++, ';')) break;
    return to;
  }

  /** The first texts of a block, by what they are assigned to or written by. */
  private textsIn({ from, to }: Span): Map<string, WrittenText> {
    const found = new Map<string, WrittenText>();
    const { indent } = this.tokens[from]!;
    for (let at = from; at < to; at++) {
      const { kind, text, indent: own } = this.tokens[at]!;
      if (own > indent && this.language === 'python') continue;
      if (kind === 'name' && /^(?:if|for|while|with|try)$/.test(text)) break;
      const one = kind === 'text' ? this.textAt(at) : undefined;
      if (!one || this.is(one.to, ':')) continue;
      const name = this.nameAt(at);
      if (name !== undefined && !found.has(name)) found.set(name, one.text);
      at = one.to - 1;
    }
    return found;
  }

  /** What an expression is assigned to, returned or written by. */
  private nameAt(at: number): string | undefined {
    const [before, sign] = [this.tokens[at - 2], this.tokens[at - 1]];
    if (this.is(at - 1, 'return')) return 'what is returned';
    if (sign?.kind !== 'sign' || !before) return undefined;
    if (sign.text === '=') return before.kind === 'name' ? this.firstOfNames(at - 2) : undefined;
    if (sign.text === ':') return before.kind === 'sign' ? undefined : before.text;
    if (sign.text === '(' && before.kind === 'sign') return this.nameAt(at - 1);
    // A value in a page's markup: `<p>{…}</p>`, `className={…}`.
    if (sign.text === '{') return before.text === '=' ? this.nameAt(at - 1) : before.text === '>' ? written : undefined;
    if (sign.text === '(') return this.is(at - 2, 'return') ? 'what is returned' : this.calledAt(at - 2);
    return undefined;
  }

  /** What an expression among others is written by: `st.metric("Answer", "Spam" if p > 0.5 else "Ham")`. */
  private callAround(at: number): string | undefined {
    let depth = 0;
    for (let opener = at - 1; opener > Math.max(0, at - mostInCall) && this.is(at - 1, ','); opener--) {
      if (this.is(opener, ')', ']', '}')) depth++;
      else if (this.is(opener, '(', '[', '{') && depth-- === 0)
        return this.is(opener, '(') ? this.calledAt(opener - 1) : undefined;
    }
    return undefined;
  }

  /** Of `label, color = "Spam", "red"` the first. */
  private firstOfNames(at: number): string {
    let first = at;
    while (this.is(first - 1, ',') && this.tokens[first - 2]?.kind === 'name') first -= 2;
    return this.tokens[first]!.text;
  }

  /** What is written is written, in whichever way: `st.error("Spam")`, `st.success("Ham")`. */
  private calledAt(at: number): string | undefined {
    const { kind, text } = this.tokens[at]!;
    return kind !== 'name' || otherwise.test(text) ? undefined : written;
  }

  /** A text at a place, and the word behind it; undefined where something is done with it. */
  private textAt(at: number): (Span & { text: WrittenText }) | undefined {
    if (this.is(at, '(')) {
      const inner = this.textAt(at + 1);
      return inner && this.is(inner.to, ')') ? { ...inner, from: at, to: inner.to + 1 } : undefined;
    }
    let to = at;
    while (this.tokens[to]?.kind === 'text') to++;
    if (to === at || this.is(to, '+', '%', '.', '[')) return undefined;
    const some = this.tokens.slice(at, to);
    return { from: at, to, text: { text: some.map(({ text }) => text).join(''), isFilled: some.some(isFilled) } };
  }

  /** The text before a place. */
  private textBefore(at: number): (Span & { text: WrittenText }) | undefined {
    const isInBrackets = this.is(at - 1, ')');
    const to = isInBrackets ? at - 1 : at;
    let from = to;
    while (this.tokens[from - 1]?.kind === 'text') from--;
    const start = isInBrackets ? from - 1 : from;
    if (from === to || (isInBrackets && !this.is(start, '(')) || this.is(start - 1, '+', '%')) return undefined;
    const some = this.tokens.slice(from, to);
    const text = { text: some.map((one) => one.text).join(''), isFilled: some.some(isFilled) };
    return { from: start, to: at, text };
  }

  /** Whether one of these stands at a place. */
  private is(at: number, ...texts: string[]): boolean {
    const token = this.tokens[at];
    return token !== undefined && (token.kind === 'sign' || token.kind === 'name') && texts.includes(token.text);
  }
}

const isFilled = (token: Token): boolean => token.isFilled === true;

const ordered = <Value>(which: number, yes: Value, no: Value): Value[] => (which === 1 ? [no, yes] : [yes, no]);
