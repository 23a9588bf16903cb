import type { Token } from './source-tokens.js';
import { SourceWords, type Span } from './source-words.js';

/** What a name is set to. */
export interface Setting extends Span {
  /** The first word of what sets it. */
  at: number;
  /** Which of several names it is that are set together. */
  place?: { index: number; count: number };
  /** Whether what it had stays: `all.append(one)`, `x /= 255`. */
  isMore: boolean;
  /** Of `x /= 255` the sign. */
  sign?: string;
}

/** A function or method. */
export interface Made {
  name: string;
  parameters: string[];
  /** What parameters are where nothing is said. */
  presets: ReadonlyMap<string, Span>;
  body: Span;
  returns: Span[];
}

/** The most words that are read so. */
const mostWords = 60_000;
/** Calls of a function that are looked at for what one of its parameters may be. */
const mostCalls = 10;

/** Libraries, whose functions are none of a file's whatever they are called. */
const libraries = /^(?:np|numpy|cv2|tf|keras|torch|os|plt|st|pd|PIL|Image)$/;

/** What lines begin with that set nothing. */
const isOther = /^(?:if|elif|else|while|try|except|finally|import|from|assert|raise|del|async)$/;

/** What a file of Python sets, and the functions that it has, line by line. */
export class SourceStatements extends SourceWords {
  protected readonly made: Made[] = [];
  /** The bodies of classes. */
  private readonly classes = new Map<string, Span>();
  private readonly settings = new Map<string, Setting[]>();
  /** What each line sets. */
  private readonly byLine = new Map<number, Set<string>>();

  constructor(tokens: readonly Token[]) {
    super(tokens.length > mostWords ? [] : tokens);
    for (let at = 0; at < this.tokens.length; ) {
      const { from, to } = this.lineAt(at);
      this.readLine(from, to);
      at = to;
    }
    for (const one of this.made) one.returns = one.returns.filter(({ from }) => this.functionAt(from) === one);
  }

  /** What a line of code sets. */
  setBy({ from }: Span): readonly string[] {
    return [...(this.byLine.get(this.tokens[from]!.line) ?? [])];
  }

  /** Whether a call is of a function of the file. */
  isOwn = (path: string): boolean => this.functionsOf(path).length > 0;

  /** The one number or text that an expression is, or stands for. */
  constantAt(span: Span): Token | undefined {
    const { from, to } = this.resolved(span);
    const token = to === from + 1 ? this.tokens[from] : undefined;
    return token?.kind === 'number' || token?.kind === 'text' ? token : undefined;
  }

  /** What a name is set to, where that is one expression; else itself. */
  resolved(span: Span, depth = 0): Span {
    const isName =
      this.tokens[span.from]?.kind === 'name' && span.to === span.from + (this.isOfSelf(span.from) ? 3 : 1);
    const [found, ...others] = isName && depth < 4 ? this.settingsOf(span.from) : [];
    const part = found && others.length === 0 ? this.ownPart(found) : undefined;
    return part ? this.resolved(part, depth + 1) : span;
  }

  /** What a name is set to: of several that stand there its own; undefined where that can't be told. */
  protected ownPart({ place, from, to }: Setting): Span | undefined {
    if (!place) return { from, to };
    const items = this.itemsOf({ from, to });
    return items.length === place.count ? items[place.index] : undefined;
  }

  /** What a name is called that begins at a place: `x`, `self.x`. */
  protected nameAt(at: number): string {
    return this.isOfSelf(at) ? `self.${this.tokens[at + 2]!.text}` : this.tokens[at]!.text;
  }

  /** The innermost function around a word. */
  protected functionAt(at: number): Made | undefined {
    return this.made.findLast(({ body }) => body.from <= at && at < body.to);
  }

  /** Functions that may be meant by what is called: of a class what it gives when it is asked for items, or called. */
  protected functionsOf(path: string): Made[] {
    const words = path.split('.');
    const name = words.at(-1)!;
    if (words.length > 1 && libraries.test(words[0]!)) return [];
    const body = this.classes.get(name);
    if (!body) return this.made.filter((one) => one.name === name);
    const isGiving = /^__(?:getitem|call|iter)__$|^call$/;
    return this.made.filter((one) => one.body.from > body.from && one.body.to <= body.to && isGiving.test(one.name));
  }

  /**
   * What sets the name at a place: the last before it in its function, and what adds to that; else what that function is called with.
   * @param call the only one of that function that counts
   */
  protected settingsOf(at: number, call?: number): Setting[] {
    const name = this.nameAt(at);
    const all = this.settings.get(name) ?? [];
    if (this.isOfSelf(at)) return all;
    const own = this.functionAt(at);
    const here = all.filter((one) => this.functionAt(one.at) === own);
    const before = lastOf(here.filter((one) => one.to <= at));
    if (before.length > 0) return before;
    if (!own) return lastOf(here.filter((one) => one.from > at));
    if (own.parameters.includes(name)) return this.givenTo(own, name, call);
    return lastOf(all.filter((one) => this.functionAt(one.at) === undefined));
  }

  /** What a function is called with for one of its parameters: by one call, or wherever that is. */
  private givenTo(one: Made, name: string, call?: number): Setting[] {
    const index = one.parameters.filter((parameter) => parameter !== 'self').indexOf(name);
    const found = this.callsOf(one.name)
      .filter(({ open }) => (call === undefined ? this.tokens[this.firstOf(open) - 1]?.text !== 'def' : open === call))
      .slice(0, mostCalls)
      .flatMap(({ open }) => {
        const { list, named } = this.argumentsOf(open);
        const argument = named.get(name) ?? list[index];
        return argument ? [{ ...argument, at: open, isMore: true }] : [];
      });
    const preset = one.presets.get(name);
    return preset && (call === undefined || found.length === 0)
      ? [...found, { ...preset, at: preset.from, isMore: true }]
      : found;
  }

  private isOfSelf(at: number): boolean {
    return this.tokens[at]?.text === 'self' && this.is(at + 1, '.') && this.tokens[at + 2]?.kind === 'name';
  }

  private readLine(from: number, to: number): void {
    const { kind, text } = this.tokens[from]!;
    const word = kind === 'name' ? text : '';
    const end = this.endOf(from, to);
    if (word === 'def' || word === 'class') this.readMade(word, from, to);
    else if (word === 'for')
      this.readTargets(from + 1, this.wordIn(from, to, 'in'), this.wordIn(from, to, 'in') + 1, end);
    else if (word === 'with') this.readWith(from + 1, end);
    else if (word === 'return' || word === 'yield')
      for (const one of this.made)
        one.returns.push(...(one.body.from <= from && from < one.body.to ? [{ from: from + 1, to }] : []));
    else if (
      this.is(from + 1, '.') &&
      /^(?:append|extend|add)$/.test(this.tokens[from + 2]?.text ?? '') &&
      this.is(from + 3, '(')
    )
      this.set(text, { from: from + 4, to: to - 1, at: from, isMore: true });
    else if (!isOther.test(word)) this.readAssignment(from, to);
  }

  private readAssignment(from: number, to: number): void {
    let depth = 0;
    for (let at = from; at < to; at++) {
      depth += this.depthAt(at);
      if (depth > 0 || !this.is(at, '=')) continue;
      const sign = this.is(at - 1, '/', '*', '-', '+') ? this.tokens[at - 1]!.text : undefined;
      this.readTargets(from, sign ? at - 1 : at, at + 1, to, sign);
      return;
    }
  }

  private readMade(word: string, from: number, to: number): void {
    const { indent } = this.tokens[from]!;
    const name = this.tokens[from + 1]?.text ?? '';
    let end = to;
    while (end < this.tokens.length && this.tokens[end]!.indent > indent) end++;
    const body = { from: to, to: end };
    if (word === 'class') {
      this.classes.set(name, body);
      return;
    }
    const items = this.itemsOf({ from: from + 3, to: this.closing(from + 2) });
    const presets = items.flatMap((one) => {
      const sign = this.tokens.slice(one.from, one.to).findIndex(({ text }) => text === '=');
      return sign < 0 ? [] : [[this.tokens[one.from]!.text, { from: one.from + sign + 1, to: one.to }] as const];
    });
    const parameters = items.map((one) => this.tokens[one.from]!.text);
    this.made.push({ name, parameters, presets: new Map(presets), body, returns: [] });
  }

  /** `with open("x") as f, …:` */
  private readWith(from: number, to: number): void {
    for (const one of this.itemsOf({ from, to })) {
      const as = this.wordIn(one.from, one.to, 'as');
      if (as < one.to) this.readTargets(as + 1, one.to, one.from, as);
    }
  }

  private wordIn(from: number, to: number, text: string): number {
    let at = from;
    while (at < to && !(this.tokens[at]!.kind === 'name' && this.tokens[at]!.text === text)) at++;
    return at;
  }

  /** The end of what stands before a colon; of a whole line where there is none. */
  private endOf(from: number, to: number): number {
    let depth = 0;
    for (let at = from; at < to; at++) {
      depth += this.depthAt(at);
      if (depth === 0 && this.is(at, ':')) return at;
    }
    return to;
  }

  /** `a, b = …`, `a[0] = …`, `(a, b), c = …` */
  private readTargets(from: number, to: number, start: number, end: number, sign?: string): void {
    const items = this.itemsOf({ from, to });
    items.forEach((item, index) => {
      const isSeveral = this.is(item.from, '(', '[');
      const name = this.nameAt(item.from);
      const next = item.from + (name.startsWith('self.') ? 3 : 1);
      // `x.y = …` of something else.
      if (!isSeveral && next < item.to && this.is(next, '.')) return;
      const isPart = !isSeveral && next < item.to && this.is(next, '[');
      const inner = this.tokens.slice(item.from, item.to).flatMap((token) => (token.kind === 'name' ? token.text : []));
      const place = items.length > 1 && { place: { index, count: items.length } };
      for (const one of isSeveral ? inner : [name])
        this.set(one, {
          from: start,
          to: end,
          at: item.from,
          isMore: isPart || sign !== undefined,
          ...place,
          ...(sign && { sign }),
        });
    });
  }

  private set(name: string, setting: Setting): void {
    const { line } = this.tokens[setting.at]!;
    this.settings.set(name, [...(this.settings.get(name) ?? []), setting]);
    this.byLine.set(line, (this.byLine.get(line) ?? new Set()).add(name));
  }
}

/** The last that sets a name, and what adds to it behind, the last first. */
function lastOf(all: readonly Setting[]): Setting[] {
  const start = all.findLastIndex(({ isMore }) => !isMore);
  return all.slice(Math.max(0, start)).reverse();
}
