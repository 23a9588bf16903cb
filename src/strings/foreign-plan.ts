import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Strings } from '../support/strings.js';
import { type Signature, type TensorInfo, tensorArrays } from '../support/tensor.js';
import type { StringPlan, StringStep } from './plan.js';
import { decodePlan, PlanError, planHash } from './plan-file.js';
import { StringSteps } from './run-steps.js';

/** The most bytes of a plan's file: 1 GiB. */
export const mostPlanBytes = 2 ** 30;

const closed = { additionalProperties: false };
/** Places in vocabularies and the numbers of bins are of 32 bits. */
const largest = 2 ** 31 - 1;
const Index = Type.Integer({ minimum: 0, maximum: largest });
const Depth = Type.Integer({ minimum: 1, maximum: 2 ** 28 });
const Bins = Type.Integer({ minimum: 1, maximum: largest });
const Name = Type.String({ maxLength: 1000 });
const Salt = Type.String({ pattern: '^-?[0-9]{1,20}$' });
const Hashing = Type.Object({ bins: Bins, salt: Type.Optional(Type.Tuple([Salt, Salt])) }, closed);
const Mask = Type.Optional(
  Type.Object({ word: Index, index: Type.Integer({ minimum: -1, maximum: largest }) }, closed),
);
const Unknown = Type.Union([Type.Null(), Type.Object({ index: Index, hashing: Type.Optional(Hashing) }, closed)]);

/** What each step is told beside its name and those of what it takes. */
const settings = {
  standardize: { how: Type.Enum(['lower', 'strip_punctuation', 'lower_and_strip_punctuation']) },
  split: { at: Type.Enum(['whitespace', 'character']) },
  rows: {},
  ngrams: { widths: Type.Array(Type.Integer({ minimum: 1, maximum: 64 }), { minItems: 1, maxItems: 64 }) },
  'look-up': { vocabulary: Index, first: Index, unknown: Unknown, mask: Mask },
  pad: { length: Type.Union([Type.Null(), Depth]) },
  bag: { depth: Depth, counts: Type.Boolean() },
  digits: {},
  hash: { hashing: Hashing, mask: Mask },
  cross: { bins: Bins },
  reshape: { shape: Type.Array(Type.Integer({ minimum: -1, maximum: largest }), { maxItems: 16 }) },
  words: { vocabulary: Index, first: Index, unknown: Index, mask: Mask },
} satisfies Record<StringStep['op'], object>;

const Step = Type.Union(
  Object.entries(settings).map(([op, more]) => {
    const from = op === 'cross' ? Type.Array(Name, { minItems: 1, maxItems: 1000 }) : Name;
    return Type.Object({ op: Type.Literal(op), to: Name, from, ...more }, closed);
  }),
);
const Steps = Type.Array(Step, { maxItems: 10_000 });
const Info = Type.Object(
  {
    name: Name,
    type: Type.Enum(Object.keys(tensorArrays)),
    shape: Type.Array(Type.Union([Type.Null(), Index]), { maxItems: 16 }),
  },
  closed,
);
const Infos = Type.Array(Info, { maxItems: 10_000 });
const Words = Type.Object({ bytes: Type.Unknown(), ends: Type.Unknown() }, closed);
const Plan = Type.Object(
  {
    inputs: Infos,
    outputs: Infos,
    results: Type.Array(Name, { maxItems: 10_000 }),
    before: Steps,
    after: Steps,
    vocabularies: Type.Array(Words, { maxItems: 10_000 }),
    words: Words,
  },
  closed,
);

/** What goes from step to step. */
type Kind = 'strings' | 'numbers' | 'rows of strings' | 'rows of numbers';

/** What each step makes of what it takes. */
const made: Record<StringStep['op'], Partial<Record<Kind, Kind>>> = {
  standardize: { strings: 'strings' },
  split: { strings: 'rows of strings' },
  rows: { strings: 'rows of strings', 'rows of strings': 'rows of strings' },
  ngrams: { strings: 'rows of strings', 'rows of strings': 'rows of strings' },
  'look-up': { strings: 'numbers', 'rows of strings': 'rows of numbers' },
  pad: { 'rows of numbers': 'numbers' },
  bag: { 'rows of numbers': 'numbers' },
  digits: { numbers: 'strings' },
  hash: { strings: 'numbers' },
  cross: { strings: 'numbers', numbers: 'numbers' },
  reshape: { strings: 'strings' },
  words: { numbers: 'strings' },
};

const kindOf = ({ type }: TensorInfo): Kind => (type === 'string' ? 'strings' : 'numbers');

/** Whether strings are one behind the other in their bytes. */
const areStrings = ({ bytes, ends }: Strings): boolean =>
  bytes instanceof Uint8Array &&
  ends instanceof Uint32Array &&
  ends.every((end, index) => end >= (ends[index - 1] ?? 0)) &&
  (ends.at(-1) ?? 0) <= bytes.length;

/** Follows the tensors through the steps, and the words that these name. @throws PlanError */
function checkSteps(plan: StringPlan, engine: Signature): void {
  const kinds = new Map<string, Kind>(plan.inputs.map((info) => [info.name, kindOf(info)]));
  const check = (isRight: boolean, what: string): void => {
    if (!isRight) throw new PlanError(`doesn't fit the model: ${what}`);
  };
  const follow = (step: StringStep): void => {
    const taken = [step.from].flat().map((name) => made[step.op][kinds.get(name)!]);
    check(!taken.includes(undefined), `its step ${step.op} has nothing to work on`);
    if ('vocabulary' in step) check(step.vocabulary < plan.vocabularies.length, 'a vocabulary is missing');
    const words = [
      ...('mask' in step && step.mask ? [step.mask.word] : []),
      ...(step.op === 'words' ? [step.unknown] : []),
    ];
    check(
      words.every((word) => word < plan.words.ends.length),
      'a word is missing',
    );
    kinds.set(step.to, taken[0]!);
  };
  plan.before.forEach(follow);
  for (const info of engine.inputs) check(kinds.get(info.name) === kindOf(info), `it has no input ${info.name}`);
  for (const info of engine.outputs) kinds.set(info.name, kindOf(info));
  plan.after.forEach(follow);
  check(plan.results.length === plan.outputs.length, 'it has other outputs');
  plan.outputs.forEach((info, index) => {
    check(kinds.get(plan.results[index]!) === kindOf(info), `it has no output ${info.name}`);
  });
}

/**
 * The plan in a file that anybody may have written: all that is run of it later is checked.
 * @param hash by which the model knows it
 * @param engine what the ONNX model takes and gives
 * @throws PlanError
 */
export function decodeForeignPlan(file: Buffer, hash: string, engine: Signature): StringPlan {
  if (planHash(file) !== hash) throw new PlanError('belongs to another model, or has changed');
  const plan = decode(file);
  if (!Value.Check(Plan, plan)) throw new PlanError('is no plan that is known here');
  if (![...plan.vocabularies, plan.words].every(areStrings)) throw new PlanError('has strings that are none');
  checkSteps(plan, engine);
  // Vocabularies are made once, as they will be in the processes that run the model.
  try {
    new StringSteps(plan);
  } catch (cause) {
    throw cause instanceof RangeError ? new PlanError(`can't be used: ${cause.message}`, { cause }) : cause;
  }
  return plan;
}

function decode(file: Buffer): StringPlan {
  try {
    return decodePlan(file);
  } catch (cause) {
    if (cause instanceof PlanError) throw cause;
    throw new PlanError('is no plan that is known here', { cause });
  }
}
