import { type Made, type Setting, SourceStatements } from './source-statements.js';
import type { Token } from './source-tokens.js';
import type { Span } from './source-words.js';

/** An expression that something comes out of, or a line that it is used in. */
export interface Step extends Span {
  /** Of `x /= 255` the sign. */
  sign?: string;
  /** By which call one has come into the function that it stands in. */
  call?: number;
}

/** The most expressions that are followed from one, how far, and places of one name. */
const most = { steps: 400, depth: 40, places: 2_000 };

/** Words of Python, which call nothing. */
const reserved =
  /^(?:if|elif|else|for|in|is|not|and|or|lambda|None|True|False|await|async|yield|return|import|from|as|with|assert|del|raise|global|while|try|except|finally|pass)$/;

/**
 * What comes out of what in a file of Python: names of what they are set to, functions of what they return. Of several ways through a program the last
 * one that stands there counts. Nothing is run.
 */
export class SourceFlow extends SourceStatements {
  /** Where names stand, also those that are filled into a text. */
  private readonly places = new Map<string, number[]>();

  constructor(tokens: readonly Token[]) {
    super(tokens);
    this.tokens.forEach(({ kind, text, isFilled }, at) => {
      if (kind === 'name' && !this.is(at - 1, '.')) this.placeAt(this.nameAt(at), at);
      else if (isFilled) for (const name of namesFilledIn(text)) this.placeAt(name, at);
    });
  }

  /**
   * All expressions that one comes out of, itself the first, the nearest before.
   * @param isPairs whether it may give pairs, of which the first is meant: what a model is fitted to
   */
  behind(span: Span, isPairs = false): Step[] {
    const steps: Step[] = [];
    const seen = new Set<string>();
    const follow = (step: Step, depth: number, pairs: boolean): void => {
      const key = `${step.from} ${step.to} ${step.call ?? ''}`;
      if (seen.has(key) || steps.length >= most.steps || depth > most.depth) return;
      seen.add(key);
      steps.push(step);
      for (const next of this.before(step, pairs)) follow(next.step, depth + 1, next.pairs);
    };
    follow(span, 0, isPairs);
    return steps;
  }

  /** Names of files in what an expression comes out of. */
  filesBehind(span: Span, ending: RegExp): string[] {
    const texts = this.behind(span).flatMap((step) => this.textsIn(step));
    return [...new Set(texts.filter((text) => ending.test(text)).map((text) => text.split(/[\\/]/).at(-1)!))];
  }

  /** The lines in which something is used, its own the first, and those in which what these set is used, and so on. */
  after(span: Span): Step[] {
    const steps: Step[] = [];
    const seen = new Set<number>();
    const names = new Map<string, [name: string, own: Made | undefined, at: number]>();
    const add = (name: string, own: Made | undefined, at: number) => {
      const key = `${own?.body.from ?? ''} ${name}`;
      if (!names.has(key)) names.set(key, [name, own, at]);
    };
    const take = (line: Span) => {
      if (seen.has(line.from) || steps.length >= most.steps) return;
      seen.add(line.from);
      steps.push(line);
      for (const name of this.setBy(line)) add(name, this.functionAt(line.from), line.from);
      for (const [caller, name] of this.returnedFrom(line)) add(name, this.functionAt(caller), caller);
    };
    take(this.lineAt(span.from));
    // What is added while it is gone through comes, too.
    for (const [name, own, at] of names.values())
      for (const place of this.places.get(name) ?? []) {
        if (place <= at || this.functionAt(place) !== own) continue;
        const line = this.lineAt(place);
        take(line);
        for (const [inner, parameter] of this.givenBy(line, name)) add(parameter, inner, inner.body.from - 1);
      }
    return steps;
  }

  /** What an expression comes out of directly. */
  private *before({ from, to, call }: Step, pairs: boolean): Generator<{ step: Step; pairs: boolean }> {
    const own = this.functionAt(from);
    for (let at = from; at < to; at++) {
      const { kind, text } = this.tokens[at]!;
      if (kind !== 'name' || reserved.test(text)) continue;
      if (at + 1 < to && this.is(at + 1, '(')) {
        const path = this.writtenAt({ from: this.firstOf(at + 1), to: at + 1 });
        for (const { returns } of this.functionsOf(path))
          for (const one of returns)
            yield { step: { ...this.partOf(one, pairs ? 0 : undefined), call: at + 1 }, pairs: false };
      }
      // What is behind a point, or the name of an argument, is no name.
      else if (!this.is(at - 1, '.') && !(at + 1 < to && this.is(at + 1, '=') && this.is(at - 1, '(', ',')))
        for (const one of this.settingsOf(at, call))
          for (const step of this.setTo(one)) {
            const isHere = call !== undefined && step.call === undefined && this.functionAt(step.from) === own;
            yield { step: { ...step, ...(isHere && { call }) }, pairs: pairs && !one.place };
          }
    }
  }

  /** One of several that an expression has. */
  private partOf(span: Span, index: number | undefined, count?: number): Span {
    const items = this.itemsOf(span);
    const isIt = index !== undefined && items.length > 1 && (count === undefined || items.length === count);
    return (isIt && items[index]) || span;
  }

  /** What a name is set to: of several that are set together its own part, where that can be told. */
  private setTo({ sign, ...one }: Setting): Step[] {
    const { place, from, to } = one;
    const part = this.ownPart(one);
    if (!place || part) return [{ ...(part ?? { from, to }), ...(sign && { sign }) }];
    const { index, count } = place;
    const call = [...this.calls({ from, to })].find(
      ({ open }) => this.closing(open) === to - 1 && this.firstOf(open) === from,
    );
    if (!call) return [{ from, to }];
    const { list } = this.argumentsOf(call.open);
    const last = call.path.split('.').at(-1);
    if (last === 'train_test_split' && count === 2 * list.length) return [list[Math.floor(index / 2)]!];
    if (last === 'zip' && list.length === count) return [list[index]!];
    const ways = this.functionsOf(call.path).flatMap(({ returns }) => returns);
    if (ways.length === 0) return [{ from, to }];
    return [...ways.map((way) => ({ ...this.partOf(way, index, count), call: call.open })), ...list];
  }

  /** The names that functions have for what they are called with by a name. */
  private *givenBy(line: Span, name: string): Generator<[inner: Made, parameter: string]> {
    for (const { open, path } of this.calls(line)) {
      const inner = this.functionsOf(path);
      if (inner.length === 0) continue;
      const given = this.argumentsOf(open).list.map(({ from, to }) =>
        this.tokens.slice(from, to).some(({ kind, text }) => kind === 'name' && text === name),
      );
      for (const one of inner) {
        const own = one.parameters.filter((parameter) => parameter !== 'self');
        for (const [index, isIt] of given.entries()) if (isIt && own[index] !== undefined) yield [one, own[index]];
      }
    }
  }

  /** The names that get what a function returns, where a line is what it does. */
  private *returnedFrom(line: Span): Generator<[caller: number, name: string]> {
    const own = this.functionAt(line.from);
    if (!own?.returns.some(({ from }) => from > line.from && from <= line.to)) return;
    for (const { open } of this.callsOf(own.name)) for (const name of this.setBy(this.lineAt(open))) yield [open, name];
  }

  private placeAt(name: string, at: number): void {
    const all = this.places.get(name);
    if (!all) this.places.set(name, [at]);
    else if (all.length < most.places) all.push(at);
  }
}

/** Names in the braces of a text. */
const namesFilledIn = (text: string): Set<string> =>
  new Set(
    [...text.slice(0, 5_000).matchAll(/\{([^{}]{0,100})\}/g)].flatMap(
      ([, inner]) => inner!.match(/[A-Za-z_]\w*/g) ?? [],
    ),
  );
