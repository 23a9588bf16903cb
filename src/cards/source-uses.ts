import { parse } from 'node:path';
import { answerOf, ofFitted, type SourceAnswer } from './source-answers.js';
import { SourceFlow } from './source-flow.js';
import { imageOf, type SourceImage } from './source-images.js';
import { resizesIn, type SourceResize } from './source-resizes.js';
import type { SourceCode, Token } from './source-tokens.js';
import type { Span } from './source-words.js';

/** One place where source code trains a model or asks it. */
export interface SourceUse {
  by: 'training' | 'serving';
  /** The files that this model is read from or written to, without their folders; none where that isn't known. */
  models: string[];
  /** Which of several inputs this is about. */
  input: { index: number; count: number };
  /** What is done to a picture before. */
  image?: SourceImage;
  /** Files of fitted objects that make what the model gets. */
  transforms: string[];
  /** What is done with the answer, where it is asked. */
  answer?: SourceAnswer;
  /** The lines of code of its own file in which the answer is used, the first where it is asked for. */
  lines: number[];
}

/** All that a file says of how models are used. */
export interface SourceUses {
  uses: SourceUse[];
  /** Every change of a picture's size, wherever it is. */
  resizes: SourceResize[];
}

/** What a model is asked or trained by, and what others are called that are fitted or ask. */
const asks = /(?:^|\.)(?:predict|predict_on_batch|predict_generator)$/;
const trains = /(?:^|\.)(?:fit|fit_generator|train_on_batch)$/;
const isOther =
  /scal|(?<!auto)encod|vector|token|pca|imput|svm|knn|forest|regressor|classifier$|clf|label|transformer|datagen|\ble\b|\bsc\b|\bct\b|preprocess|pipeline|hist/i;
const ofModels = /\.(?:h5|keras|hdf5|model|pb|json)$/i;

/** The most uses of a file. */
const mostUses = 20;

/** How source code uses models. Nothing is run. @param imported what it takes functions from */
export function usesIn({ tokens: own, language, text }: SourceCode, imported?: SourceCode): SourceUses {
  if (language !== 'python' || !/predict|\.fit|load_model|resize/.test(text)) return { uses: [], resizes: [] };
  const before = imported?.tokens ?? [];
  const lines = (before.at(-1)?.line ?? -1) + 1;
  const tokens = [...before, ...own.map((token) => ({ ...token, line: token.line + lines }))];
  const flow = new SourceFlow(tokens);
  const whole = { from: before.length, to: tokens.length };
  const modules = modulesIn(tokens);
  const saved = savedIn(flow);
  const uses: SourceUse[] = [];
  for (const { open, path } of flow.calls(whole)) {
    const by = asks.test(path) || isModel(flow, open, path) ? 'serving' : trains.test(path) ? 'training' : undefined;
    const receiver = asks.test(path) || trains.test(path) ? flow.receiverOf(open) : { from: open - 1, to: open };
    const name = tokens
      .slice(receiver.from, receiver.to)
      .map((token) => token.text)
      .join('');
    if (!by || isOther.test(name) || uses.length >= mostUses || flow.filesBehind(receiver, ofFitted).length > 0)
      continue;
    const models = [...new Set([...flow.filesBehind(receiver, ofModels), ...(saved.get(name) ?? [])])];
    const { list, named } = flow.argumentsOf(open);
    const given = list[0] ?? named.get('x') ?? named.get('inputs');
    if (!given) continue;
    const after = by === 'serving' ? flow.after({ from: receiver.from, to: open }) : [];
    const answer = by === 'serving' ? answerOf(flow, after) : undefined;
    const used = after.flatMap(({ from }) => (from >= before.length ? [tokens[from]!.line - lines] : []));
    for (const { index, count, span } of inputsOf(flow, given)) {
      const steps = flow.behind(span, by === 'training' && count === 1);
      const image = imageOf(flow, steps, modules);
      const calls = steps.flatMap((step) => [...flow.calls(step)]);
      const transforms = calls
        .filter((call) => /\.transform$/.test(call.path))
        .flatMap((call) => flow.filesBehind(flow.receiverOf(call.open), ofFitted));
      const texts = calls
        .filter((call) => /\.texts_to_\w+$/.test(call.path))
        .flatMap((call) => flow.filesBehind(flow.receiverOf(call.open), ofFitted));
      uses.push({
        by,
        models,
        input: { index, count },
        ...(image && { image }),
        transforms: [...new Set([...transforms, ...texts])],
        ...(answer && { answer }),
        lines: used,
      });
    }
  }
  return { uses, resizes: resizesIn(flow, whole) };
}

/** The inputs of a model: of `[photo, row]` each. */
function inputsOf(flow: SourceFlow, given: Span): { index: number; count: number; span: Span }[] {
  const list = flow.resolved(given);
  const items =
    flow.is(list.from, '[', '(') && flow.closing(list.from) === list.to - 1
      ? flow.itemsOf({ from: list.from + 1, to: list.to - 1 })
      : [];
  if (items.length < 2) return [{ index: 0, count: 1, span: given }];
  return items.map((span, index) => ({ index, count: items.length, span }));
}

/** Whether a model is called like a function: `model(x, training=False)`. */
function isModel(flow: SourceFlow, open: number, path: string): boolean {
  if (path.includes('.') || path === 'load_model' || flow.isOwn(path) || !/model|generator|network|net$/i.test(path))
    return false;
  return flow
    .behind({ from: open - 1, to: open })
    .some(({ from, to }) => flow.tokens.slice(from, to).some(({ text }) => /^load_model$|^Sequential$/.test(text)));
}

/** The files that models are saved to, by what they are called. */
function savedIn(flow: SourceFlow): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { open, path } of flow.calls({ from: 0, to: flow.tokens.length })) {
    const [, name] = /^(\w+)\.save$/.exec(path) ?? [];
    const [file] = flow.argumentsOf(open).list;
    const text = file && flow.constantAt(file);
    if (name && text?.kind === 'text' && ofModels.test(text.text))
      found.set(name, [...(found.get(name) ?? []), text.text.split(/[\\/]/).at(-1)!]);
  }
  return found;
}

/** Where functions are imported from, by their names. */
function modulesIn(tokens: readonly Token[]): Map<string, string> {
  const found = new Map<string, string>();
  tokens.forEach(({ kind, text }, at) => {
    if (kind !== 'name' || text !== 'import') return;
    let from = at;
    while (from > 0 && tokens[from - 1]!.line === tokens[at]!.line) from--;
    if (tokens[from]!.text !== 'from') return;
    const module = tokens
      .slice(from + 1, at)
      .map((token) => token.text)
      .join('');
    for (let to = at + 1; to < tokens.length && tokens[to]!.line === tokens[at]!.line; to++)
      if (tokens[to]!.kind === 'name') found.set(tokens[to]!.text, module);
  });
  return found;
}

/** Names of model files are compared without folders, endings and the numbers of epochs or versions. */
const stemOf = (file: string): string => parse(file).name.toLowerCase();
const withoutNumber = (stem: string): string => stem.replace(/[-_. ]?v?\d+$/, '');

/** Whether code uses a model by the name of its file. */
export const isUseOf = ({ models }: Pick<SourceUse, 'models'>, file: string): boolean =>
  models.some((one) => stemOf(one) === stemOf(file));

/** The same of another version of it: of `generator90.h5`, where `generator.h5` lies there. */
export const isVersionOf = ({ models }: Pick<SourceUse, 'models'>, file: string): boolean =>
  models.some((one) => withoutNumber(stemOf(one)) === withoutNumber(stemOf(file)));
