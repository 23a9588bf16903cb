import type { SourceFlow } from './source-flow.js';
import type { Span } from './source-words.js';

/** How source code brings a picture to a size. */
export interface SourceResize {
  /** Height and width; undefined where they aren't known. */
  size?: [number, number];
  way?: 'crop' | 'pad';
  /** Left out where it is none that a card has. */
  interpolation?: 'nearest' | 'bilinear' | 'bicubic' | 'lanczos';
  antialias?: false;
}

/** A call with its arguments. */
export interface CallOf {
  path: string;
  list: readonly Span[];
  named: ReadonlyMap<string, Span>;
}

type ReadSize = (span: Span | undefined, isWidthFirst?: boolean) => [number, number] | undefined;
type Resizer = (call: CallOf, sizeOf: ReadSize, textOf: (span: Span | undefined) => string) => SourceResize;

/** OpenCV's and TensorFlow's don't average where a picture gets smaller. */
const opencv: Record<string, SourceResize> = {
  '': { interpolation: 'bilinear', antialias: false },
  INTER_LINEAR: { interpolation: 'bilinear', antialias: false },
  INTER_NEAREST: { interpolation: 'nearest' },
};
const tensorflow: Record<string, SourceResize> = {
  '': { interpolation: 'bilinear', antialias: false },
  bilinear: { interpolation: 'bilinear', antialias: false },
  nearest: { interpolation: 'nearest' },
};
const pillow: Record<string, SourceResize> = {
  '': { interpolation: 'bicubic' },
  NEAREST: { interpolation: 'nearest' },
  BILINEAR: { interpolation: 'bilinear' },
  BICUBIC: { interpolation: 'bicubic' },
  LANCZOS: { interpolation: 'lanczos' },
  ANTIALIAS: { interpolation: 'lanczos' },
};
/** `load_img` and generators of Keras ask Pillow for the nearest pixel. */
const loaded: Record<string, SourceResize> = {
  '': { interpolation: 'nearest' },
  nearest: { interpolation: 'nearest' },
  bilinear: { interpolation: 'bilinear' },
  bicubic: { interpolation: 'bicubic' },
  lanczos: { interpolation: 'lanczos' },
};
const whole = { interpolation: 'bilinear', antialias: false } as const;

/** By what a method is called: the last word of its name. */
const named = (ways: Record<string, SourceResize>, text: string): SourceResize => {
  const word = text.split('.').at(-1)!;
  return Object.hasOwn(ways, word) ? ways[word]! : {};
};
const sized = (size: [number, number] | undefined, rest: SourceResize): SourceResize => ({
  ...rest,
  ...(size && { size }),
});

/** What changes the size of a picture, the first that fits. A card has nothing for what has no function here. */
const resizers: readonly [path: RegExp, resizer: Resizer | undefined][] = [
  [
    /^cv2?\.resize$/,
    ({ list, named: by }, sizeOf, textOf) =>
      sized(sizeOf(list[1] ?? by.get('dsize'), true), named(opencv, textOf(by.get('interpolation')))),
  ],
  [
    /^(?:tf|tensorflow|ops|keras\.ops)\.(?:keras\.)?image\.(?:resize|resize_images)$|^image\.smart_resize$/,
    ({ list, named: by }, sizeOf, textOf) => {
      const how = named(tensorflow, textOf(by.get('method') ?? list[2]).toLowerCase());
      const isSmooth = textOf(by.get('antialias')) === 'True';
      return sized(sizeOf(list[1] ?? by.get('size')), isSmooth ? { interpolation: how.interpolation } : how);
    },
  ],
  [/(?:^|\.)resize_with_pad$/, ({ list }) => ({ ...whole, way: 'pad' as const, ...(list.length > 3 && {}) })],
  [
    /(?:^|\.)load_img$/,
    ({ named: by }, sizeOf, textOf) =>
      (by.has('target_size')
        ? sized(sizeOf(by.get('target_size')), named(loaded, textOf(by.get('interpolation'))))
        : undefined) ?? {},
  ],
  [
    /\.flow_from_(?:directory|dataframe)$/,
    ({ named: by }, sizeOf, textOf) =>
      sized(
        by.has('target_size') ? sizeOf(by.get('target_size')) : [256, 256],
        named(loaded, textOf(by.get('interpolation'))),
      ),
  ],
  [
    /(?:^|\.)image_dataset_from_directory$/,
    ({ named: by }, sizeOf, textOf) => {
      const way =
        textOf(by.get('crop_to_aspect_ratio')) === 'True'
          ? ({ way: 'crop' } as const)
          : textOf(by.get('pad_to_aspect_ratio')) === 'True'
            ? ({ way: 'pad' } as const)
            : {};
      return sized(by.has('image_size') ? sizeOf(by.get('image_size')) : [256, 256], {
        ...named(tensorflow, textOf(by.get('interpolation'))),
        ...way,
      });
    },
  ],
  [
    /^ImageOps\.fit$/,
    ({ list, named: by }, sizeOf, textOf) =>
      sized(sizeOf(list[1], true), { way: 'crop', ...named(pillow, textOf(by.get('method') ?? list[2])) }),
  ],
  [
    /^ImageOps\.pad$/,
    ({ list, named: by }, sizeOf, textOf) =>
      sized(sizeOf(list[1], true), { way: 'pad', ...named(pillow, textOf(by.get('method') ?? list[2])) }),
  ],
  [
    /^(?:resize|transform\.resize|skimage\.transform\.resize)$|\.thumbnail$|^imutils\.|^(?:np|numpy)\.resize$/,
    undefined,
  ],
  [
    /\.resize$/,
    ({ list, named: by }, sizeOf, textOf) =>
      sized(sizeOf(list[0] ?? by.get('size'), true), named(pillow, textOf(by.get('resample') ?? list[1]))),
  ],
];

/** All changes of size in some code. */
export const resizesIn = (flow: SourceFlow, code: Span): SourceResize[] =>
  [...flow.calls(code)].flatMap(({ path, open }) => resizeOf(flow, { path, ...flow.argumentsOf(open) }) ?? []);

/** What a call does to the size of a picture; undefined where that is nothing. */
export function resizeOf(flow: SourceFlow, call: CallOf): SourceResize | undefined {
  if (flow.isOwn(call.path)) return undefined;
  const found = resizers.find(([pattern]) => pattern.test(call.path));
  if (!found) return undefined;
  const [, resizer] = found;
  if (!resizer) return {};
  const sizeOf: ReadSize = (span, isWidthFirst = false) => {
    const pair = span && flow.resolved(span);
    if (!pair || !flow.is(pair.from, '(', '[')) return undefined;
    const numbers = flow.itemsOf({ from: pair.from + 1, to: pair.to - 1 }).map((one) => flow.constantAt(one));
    const [one, other, ...rest] = numbers.map((token) => (token?.kind === 'number' ? Number(token.text) : Number.NaN));
    if (rest.length > 0 || !Number.isInteger(one) || !Number.isInteger(other)) return undefined;
    return isWidthFirst ? [other!, one!] : [one!, other!];
  };
  const resize = resizer(call, sizeOf, (span) =>
    span
      ? flow.tokens
          .slice(span.from, span.to)
          .map(({ text }) => text)
          .join('')
      : '',
  );
  // `load_img` alone changes no size.
  return Object.keys(resize).length === 0 && /load_img$/.test(call.path) ? undefined : resize;
}
