import type { SourceCode, Token } from './source-tokens.js';

/** Names in source code that may be those of the columns of a table, in their order. */
export interface SourceColumns {
  /** What has them: what they are assigned to, or what is called with them. */
  name: string;
  names: string[];
  /** Whether they are what the code calls values, `np.array([[age, bmi]])`: no texts. */
  areVariables?: true;
}

/** The most names of a list, words of one of its items, words that are read in all, and words before which a call is looked for. */
const most = { names: 5_000, words: 100, all: 3_000_000, before: 200 };

/** What lists of a table's columns are called, and lists of some of them or of others. */
const ofColumns =
  /^(?:\w+_)?(?:columns?|cols|features?|fields|predictors)(?:_?(?:names?|list|order|cols|columns|used))?$/i;
const ofSome =
  /cat(?:egor|_)|drop|remov|target|label|output|bool|binary|one_?hot|dumm|encod|skew|missing|date|text|^y_/i;
/** What rows are called that a model takes, and what takes them. */
const ofTables = /^(?:x|x_\w+|features?|inputs?|predictors?|independent\w*)$/i;
const ofRows = /^(?:x|x_\w+|\w*(?:features?|inputs?|vals?|values|data|row|sample|vector|params))$/i;
const takers = /^(?:array|asarray|DataFrame|tensor2d|(?:fit_)?transform|\w*predict\w*)$/;
const makesNumbers = /^(?:float|int|float32|float64|Number|parseFloat|parseInt)$/;
/** What is no column that a model takes: what tables of answers and of measurements have. */
const ofAnswers =
  /pred|actual|prob(?:abilit|$)|importan|accura|confiden|^(?:true|original|metric|score|loss|epoch|model|targets?|labels?|y|class|outputs?|outcome|results?)$/i;
/** Names that say nothing. */
const general = /^(?:[a-z]|var|val|value|feature|feat|input|col|column|arg|param|field|num)?_?\d+$|^_/i;

/** Lists of names in code that may be those of columns. Nothing is run. */
export const columnsIn = ({ tokens }: SourceCode): SourceColumns[] => new ColumnReader(tokens).columns();

/** The first word of what stands between two commas, and the first behind it. */
interface Item {
  from: number;
  to: number;
}

class ColumnReader {
  private left = most.all;
  /** What something is called with that takes rows. */
  private readonly given: ReadonlySet<string>;

  constructor(private readonly tokens: readonly Token[]) {
    this.given = new Set(tokens.flatMap((_, at) => this.givenAt(at) ?? []));
  }

  columns(): SourceColumns[] {
    const found = this.tokens.flatMap((_, at) => {
      if (this.is(at, '[')) return this.listAt(at) ?? [];
      return this.is(at, '{') ? (this.dictAt(at) ?? []) : [];
    });
    return [...found, ...this.filled()].filter(({ names, areVariables }) => areNames(names, areVariables === true));
  }

  /** `X` of `array([X])`, `DataFrame(X`, `X.values()`. */
  private givenAt(at: number): string | undefined {
    const name = this.nameAt(at);
    if (name === undefined) return undefined;
    if (this.is(at + 1, '.') && this.nameAt(at + 2) === 'values' && this.is(at + 3, '(')) return name;
    const call = this.is(at - 1, '[') ? at - 2 : at - 1;
    return this.is(call, '(') && this.isCalled(call, takers) && this.is(at + 1, ']', ')', ',') ? name : undefined;
  }

  /** `features = ["age", "bmi"]`, `DataFrame(x, columns=["age", "bmi"])`, `X = df[["age", "bmi"]]`, `np.array([[age, bmi]])` */
  private listAt(at: number): SourceColumns | undefined {
    const isInner = this.is(at - 1, '[');
    const before = isInner ? at - 2 : at - 1;
    const ofTexts = this.tableAt(before, isInner);
    const ofNames = this.rowAt(before, isInner);
    const items = (ofTexts ?? ofNames) ? this.itemsAt(at) : undefined;
    if (!items) return undefined;
    const texts = all(items, (item) => this.textOf(item));
    if (texts) return ofTexts === undefined ? undefined : { name: ofTexts, names: texts };
    const names = ofNames === undefined ? undefined : all(items, (item) => this.variableOf(item));
    return names && { name: ofNames!, names, areVariables: true };
  }

  /** What has the list of texts before which a word stands, where it is of columns. */
  private tableAt(before: number, isInner: boolean): string | undefined {
    const [name, other] = [this.nameAt(before - 1), this.nameAt(before - 2)];
    if (this.is(before, '=') && name !== undefined) {
      const isNamed = this.is(before - 2, '(', ',');
      if (isNamed) return name === 'columns' && this.isOfTable(before - 2) ? 'DataFrame' : undefined;
      return ofColumns.test(name) && !ofSome.test(name) ? name : undefined;
    }
    if (!isInner || this.nameAt(before) === undefined || other === undefined) return undefined;
    if (this.is(before - 1, '=')) return ofTables.test(other) ? other : undefined;
    return this.is(before - 1, '(') && takers.test(other) ? other : undefined;
  }

  /** Whether an argument before which a comma or bracket stands is a DataFrame's, and of no answers. */
  private isOfTable(from: number): boolean {
    let depth = 0;
    for (let at = from; at > Math.max(0, from - most.before) && this.left-- > 0; at--) {
      if (this.is(at, ')', ']', '}')) depth++;
      else if (this.is(at, '(', '[', '{') && depth-- === 0) return this.isCalled(at, /^DataFrame$/);
      else if (/pred|prob|^y(?:_|$)|_y$|result|target|output|coef|importan|history|score/i.test(this.nameAt(at) ?? ''))
        return false;
    }
    return false;
  }

  /** What has the list of values before which a word stands, where it is a row. */
  private rowAt(before: number, isInner: boolean): string | undefined {
    if (this.is(before, '(')) return isInner && this.isCalled(before, takers) ? this.nameAt(before - 1) : undefined;
    const name = this.is(before, '=') ? this.nameAt(before - 1) : undefined;
    return name !== undefined && ofRows.test(name) && this.given.has(name) ? name : undefined;
  }

  /** `DataFrame({"age": …})`, `DataFrame([{"age": …}])`, `row = {"age": …}` where a DataFrame is made of `row`. */
  private dictAt(at: number): SourceColumns | undefined {
    const before = this.is(at - 1, '[') ? at - 2 : at - 1;
    const isGiven = this.is(before, '(') && this.isCalled(before, /^DataFrame$/);
    const assigned = this.is(before, '=') ? this.nameAt(before - 1) : undefined;
    const name = isGiven ? 'DataFrame' : assigned !== undefined && this.given.has(assigned) ? assigned : undefined;
    const items = name === undefined ? undefined : this.itemsAt(at);
    const names =
      items && all(items, ({ from }) => (this.is(from + 1, ':') ? this.textOf({ from, to: from + 1 }) : undefined));
    return names && { name: name!, names };
  }

  /** `row = {}`, and then `row["age"] = …` of each. */
  private filled(): SourceColumns[] {
    const found = new Map<string, Set<string>>();
    this.tokens.forEach(({ line }, at) => {
      const name = this.nameAt(at);
      if (name === undefined || this.tokens[at - 1]?.line === line || !this.given.has(name)) return;
      const key = this.textOf({ from: at + 2, to: at + 3 });
      if (this.is(at + 1, '=') && this.is(at + 2, '{') && this.is(at + 3, '}')) found.set(name, new Set());
      else if (this.is(at + 1, '[') && key !== undefined && this.is(at + 3, ']') && this.is(at + 4, '='))
        found.get(name)?.add(key);
    });
    return [...found].map(([name, keys]) => ({ name, names: [...keys] }));
  }

  /** What stands in a bracket, between its commas; undefined where that is more than is read. */
  private itemsAt(open: number): Item[] | undefined {
    const items: Item[] = [];
    let depth = 0;
    let from = open + 1;
    for (let at = from; at < this.tokens.length && at - from <= most.words && this.left-- > 0; at++) {
      const closes = this.is(at, ')', ']', '}');
      if (closes && depth === 0) return at > from ? [...items, { from, to: at }] : items;
      if (closes) depth--;
      else if (this.is(at, '(', '[', '{')) depth++;
      else if (depth === 0 && this.is(at, ',')) {
        items.push({ from, to: at });
        from = at + 1;
        if (items.length > most.names) return undefined;
      }
    }
    return undefined;
  }

  private textOf({ from, to }: Item): string | undefined {
    const { kind, text, isFilled } = this.tokens[from] ?? {};
    return kind === 'text' && !isFilled && to === from + 1 && !text!.includes('\\') ? text : undefined;
  }

  /** What a value is called: `age`, `float(age)`, `data.age`, `request.form["age"]`. */
  private variableOf({ from, to }: Item): string | undefined {
    if (this.is(from + 1, '(') && this.is(to - 1, ')') && makesNumbers.test(this.nameAt(from) ?? ''))
      return this.variableOf({ from: from + 2, to: to - 1 });
    if (this.is(from + 1, '.') && this.is(from + 3, '(') && makesNumbers.test(this.nameAt(from + 2) ?? ''))
      return this.variableOf({ from: from + 4, to: to - 1 });
    for (let at = from; at < to; at++) {
      const isPart = this.nameAt(at) !== undefined && (at === from || this.is(at - 1, '.'));
      if (isPart && at === to - 1) return this.nameAt(at);
      const isKey =
        (this.is(at, '[') && this.is(at + 2, ']')) ||
        (this.is(at, '(') && this.is(at + 2, ')') && this.nameAt(at - 1) === 'get');
      if (isKey && at + 3 === to) return this.textOf({ from: at + 1, to: at + 2 });
      if (!isPart && !this.is(at, '.')) return undefined;
    }
    return undefined;
  }

  private isCalled(open: number, what: RegExp): boolean {
    return what.test(this.nameAt(open - 1) ?? '');
  }

  private nameAt(at: number): string | undefined {
    const token = this.tokens[at];
    return token?.kind === 'name' ? token.text : undefined;
  }

  /** Whether one of these stands at a place. */
  private is(at: number, ...signs: string[]): boolean {
    const token = this.tokens[at];
    return token?.kind === 'sign' && signs.includes(token.text);
  }
}

/** What is found of each, where it is of all. */
function all<From, To>(values: readonly From[], of: (value: From) => To | undefined): To[] | undefined {
  const found: To[] = [];
  for (const value of values) {
    const one = of(value);
    if (one === undefined) return undefined;
    found.push(one);
  }
  return found;
}

/** Whether names can be those of columns that a model takes. */
function areNames(names: readonly string[], areVariables: boolean): boolean {
  const isWhole = names.every((name) => name.trim() !== '' && name.length <= 200 && !/\p{Cc}/u.test(name));
  const differ = new Set(names.map((name) => name.toLowerCase())).size === names.length;
  if (names.length < 2 || !isWhole || !differ || names.some((name) => ofAnswers.test(name) || name === '__proto__'))
    return false;
  // Of what is called `x, y, w, h` nobody knows what it is.
  const saying = names.filter((name) => name.length > 2).length;
  return !areVariables || (!names.some((name) => general.test(name)) && 2 * saying >= names.length);
}
