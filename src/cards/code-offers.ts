import type { Assumption, Certainty, FoundLabels } from '../datapoints/kind.js';
import type { ImageSpec } from '../datapoints/kinds/image.js';
import { inputKind, type ModelKinds } from '../datapoints/kinds.js';
import type { Signature, TensorInfo } from '../support/tensor.js';
import { type CodeColumns, found, type Offer } from './beside/offers.js';
import type { SourceImage } from './source-images.js';
import type { SourceResize } from './source-resizes.js';
import type { SourceScaling } from './source-scaling.js';
import type { SourceUse } from './source-uses.js';

/** A use of a model, and the file that has it. */
export interface CodeUse extends SourceUse {
  file: string;
  /** Whether the code names the model's file. */
  isNamed: boolean;
}

/** What code says of a model, as a card would. */
export interface CodeFacts {
  signature: Signature;
  kinds: ModelKinds;
  /** What is assumed without code. */
  assumptions: readonly Assumption[];
  uses: readonly CodeUse[];
  /** Every change of a picture's size in the code beside it, and the file that has it. */
  resizes: readonly (SourceResize & { file: string })[];
  /** Lists of names of columns in it. */
  columns: readonly CodeColumns[];
  /** Two texts that it chooses between by what the only output is, where it says so by a threshold. */
  chosen?: FoundLabels;
}

/** What code says of a model's pictures and answers where nothing surer does. */
export const offersOfUses = (facts: CodeFacts): Offer[] => [
  ...facts.signature.inputs.flatMap((input, index) =>
    facts.kinds.inputs[input.name]!.kind === 'image' ? offersOfImage(input, index, facts) : [],
  ),
  ...facts.signature.inputs.flatMap((input) =>
    facts.kinds.inputs[input.name]!.kind === 'table' ? offersOfTable(input, facts) : [],
  ),
  ...facts.signature.outputs.flatMap((output) => offersOfAnswer(output, facts)),
];

/** Columns that the code has in its rows and what makes the model's numbers of them passes over. */
function offersOfTable({ name }: TensorInfo, { kinds, columns, uses }: CodeFacts): Offer[] {
  const { kind, spec } = kinds.inputs[name]!;
  const { fields, ignored } = inputKind(kind);
  const own = new Set(fields?.(spec).map((field) => field.name));
  const isUsed = uses.some(({ transforms }) => transforms.length > 0);
  if (own.size < 2 || !isUsed || (ignored?.(spec).length ?? 0) > 0) return [];
  const wider = columns.filter(
    ({ names, areVariables }) =>
      !areVariables && names.length > own.size && [...own].every((one) => names.includes(one)),
  );
  const [first] = wider;
  if (!first || wider.some(({ names }) => names.length !== first.names.length)) return [];
  const more = first.names.filter((one) => !own.has(one));
  const basis = `${first.file} has them in its rows, and what makes numbers of these doesn't take them`;
  return found('inputs', name, { ignored: more }, [], { value: more, basis, certainty: 'guess' }).offers;
}

interface Said<Value> {
  value: Value;
  file: string;
  by: SourceUse['by'];
  isNamed: boolean;
}

/** What all uses say that say anything: those that train before those that ask. Undefined where they differ. */
function saidBy<Value>(uses: readonly CodeUse[], of: (use: CodeUse) => Value | undefined): Said<Value> | undefined {
  for (const by of ['training', 'serving'] as const) {
    const some = uses.flatMap((use) => {
      const value = use.by === by ? of(use) : undefined;
      return value === undefined ? [] : [{ value, file: use.file, by, isNamed: use.isNamed }];
    });
    const [first] = some;
    if (first)
      return some.every(({ value }) => JSON.stringify(value) === JSON.stringify(first.value)) ? first : undefined;
  }
  return undefined;
}

const doings = { training: 'before it trains the model', serving: 'before it asks the model' } as const;
const basisOf = ({ file, by }: Said<unknown>): string => `${file} does so ${doings[by]}`;

/** What a card says for what code does. */
const cardScalings: Record<SourceScaling, unknown> = {
  none: 'none',
  unit: 'unit',
  tf: 'tf',
  torch: 'torch',
  caffe: 'caffe',
  centred: { mean: [127.5], std: [255] },
};

function offersOfImage(
  { name }: TensorInfo,
  index: number,
  { kinds, assumptions, uses, resizes, signature }: CodeFacts,
): Offer[] {
  const { settings, options } = kinds.inputs[name]!.spec as ImageSpec;
  const count = signature.inputs.length;
  const fits = ({ size }: SourceResize) =>
    size === undefined || (size[0] === settings.size[0] && size[1] === settings.size[1]);
  const mine = uses.filter(
    (use) => use.image && use.input.count === count && use.input.index === index && fits(use.image.resize ?? {}),
  );
  const of = <Value>(get: (image: SourceImage) => Value | undefined) => saidBy(mine, (use) => get(use.image!));
  // What the model itself tells is surer.
  const isOpen = (key: string) =>
    assumptions.some((one) => one.key === `inputs.${name}.${key}` && one.certainty === 'guess');
  const offer = (
    key: string,
    keys: Record<string, unknown>,
    basis: string,
    certainty: Certainty = 'guess',
    text?: string,
  ): Offer[] => found('inputs', name, keys, [], { value: keys[key], basis, certainty, ...(text && { text }) }).offers;
  const scaling = of((image) => image.scaling);
  const resize =
    of((image) => image.resize) ??
    (mine.length > 0 ? resizeOf(resizes.filter((one) => one.size && fits(one))) : undefined);
  const color = of((image) => image.color);
  const upright = of((image) => image.isUpright);
  return [
    ...(scaling && isOpen('scaling')
      ? offer(
          'scaling',
          { scaling: cardScalings[scaling.value] },
          basisOf(scaling),
          scaling.isNamed && scaling.by === 'training' && scaling.value !== 'none' ? 'likely' : 'guess',
        )
      : []),
    ...(resize?.value.interpolation && isOpen('interpolation') ? offerOfResize(name, resize) : []),
    ...(resize?.value.way && isOpen('resize') ? offer('resize', { resize: resize.value.way }, basisOf(resize)) : []),
    ...(color?.value === 'bgr' && options.channels === 3
      ? offer(
          'color',
          { color: 'bgr' },
          `${color.file} opens pictures with OpenCV, which has blue first, ${doings[color.by]}`,
        )
      : []),
    ...(upright?.value && isOpen('invert')
      ? offer('invert', { invert: false }, `${upright.file} inverts none ${doings[upright.by]}`)
      : []),
  ];
}

function offerOfResize(name: string, resize: Said<SourceResize>): Offer[] {
  const { interpolation, antialias } = resize.value;
  const isWhole = antialias === undefined;
  const keys = { interpolation, ...(!isWhole && { antialias }) };
  const text = JSON.stringify(interpolation) + (isWhole ? '' : ', of the nearest pixels alone');
  return found('inputs', name, keys, [], { value: interpolation, text, basis: basisOf(resize), certainty: 'guess' })
    .offers;
}

/** How all pictures of a size are made of others, wherever that is. */
function resizeOf(all: readonly (SourceResize & { file: string })[]): Said<SourceResize> | undefined {
  const [first] = all;
  if (
    !first ||
    all.some(
      ({ interpolation, antialias, way }) =>
        interpolation !== first.interpolation || antialias !== first.antialias || way !== first.way,
    )
  )
    return undefined;
  const { file, ...value } = first;
  return { value, file, by: 'training', isNamed: false };
}

/** Pictures, names and units of what a model answers. */
function offersOfAnswer({ name, shape }: TensorInfo, { kinds, uses, signature, chosen }: CodeFacts): Offer[] {
  const { kind } = kinds.outputs[name]!;
  const answers = uses.flatMap(({ answer, file }) => (answer ? [{ ...answer, file }] : []));
  if (signature.outputs.length > 1) return [];
  if (kind === 'tensor' && shape.length === 4) {
    const shown = answers.find(({ picture }) => picture);
    // Of a picture of any size nobody knows what it is to be made of.
    if (!shown || answers.some(({ isChosen }) => isChosen) || shape.includes(null, 1)) return [];
    const { scaling } = shown.picture!;
    const keys = { kind: 'image', ...(scaling && { scaling }) };
    return found('outputs', name, keys, [], {
      value: 'image',
      basis: `${shown.file} shows the answer as a picture`,
      certainty: 'guess',
    }).offers;
  }
  // Whatever it was trained with: who chooses between two texts by how large a number is takes it for a probability.
  if (kind === 'tensor' && chosen && shape.length === 2 && shape[1] === 1)
    return found('outputs', name, { kind: 'binary' }, [], {
      value: 'binary',
      basis: `the code chooses by it between two texts (${chosen.file})`,
      certainty: 'guess',
    }).offers;
  if (kind !== 'number') return [];
  const width = shape[1] ?? 1;
  const units = answers.filter(({ unit }) => unit !== undefined);
  const named = answers.filter(({ names }) => names.length === width);
  const [first] = units;
  const [names] = named;
  return [
    ...(first && units.every(({ unit }) => unit === first.unit)
      ? found('outputs', name, { unit: first.unit }, [], {
          value: first.unit,
          basis: `${first.file} writes it beside the answer`,
          certainty: 'guess',
        }).offers
      : []),
    ...(names && width > 1 && named.every((one) => one.names.join() === names.names.join())
      ? found('outputs', name, { names: names.names }, [], {
          value: names.names,
          basis: `${names.file} calls them so`,
          certainty: 'guess',
        }).offers
      : []),
  ];
}
