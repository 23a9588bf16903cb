import type { SourceFlow, Step } from './source-flow.js';
import { resizeOf, type SourceResize } from './source-resizes.js';
import { type SourceScaling, scalingIn } from './source-scaling.js';

/** What source code does to a picture on its way to a model. */
export interface SourceImage {
  /** Left out where it isn't known. */
  scaling?: SourceScaling;
  resize?: SourceResize;
  color?: 'rgb' | 'bgr' | 'gray';
  /** That nothing on the way makes light of dark. */
  isUpright: boolean;
}

/** What opens a picture, and the order of colours that it gives. */
const openers: readonly [path: RegExp, color: 'rgb' | 'bgr'][] = [
  [/^cv2?\.(?:imread|imdecode|VideoCapture)$/, 'bgr'],
  [
    /^(?:PIL\.)?(?:Image|PILImage)\.open$|(?:^|\.)load_img$|\.flow_from_\w+$|(?:^|\.)image_dataset_from_directory$|\.decode_(?:jpeg|png|image)$|^imageio\.\w*imread$|^io\.imread$/,
    'rgb',
  ],
];

/** What makes light of dark; whether it does isn't always known. */
const inverts = /bitwise_not|\binvert\(|THRESH_BINARY_INV/;
/** What is done to values that no card says, or isn't known to do nothing. */
const isOther =
  /normalize$|standardization$|equalize|CLAHE|threshold$|Canny|blur|(?:^|\.)(?:img_as_float|imread)$|^(?:plt|mpimg|matplotlib\.image)\.imread$|blobFromImage|ToTensor|Compose|Normalize$/i;
/** Functions of other files that may scale. */
const mayScale = /prep|norm|transform|scale|process|augment|convert|load|read|get_|image/i;
const harmless =
  /^(?:np|numpy|tf|tensorflow|cv2|keras|image|Image|PIL|os|st|io|base64|ImageOps|random|math|K)\b|^\.|^(?:img_to_array|load_img|array|asarray|expand_dims|int|float|len|range|list|tuple|str|print|bytearray|BytesIO|enumerate|zip|sorted|map|max|min|open|reshape|ImageDataGenerator|Dataset|train_test_split|super|shuffle|tqdm|preprocess_input|load_model|isinstance|reversed|convert_image_dtype|image_dataset_from_directory|round|set|iter|next)$/;

/**
 * What becomes of a picture on its way to where it is given to a model.
 * @param steps all that it comes out of
 * @param modules where functions come from, by their names
 */
export function imageOf(
  flow: SourceFlow,
  steps: readonly Step[],
  modules: ReadonlyMap<string, string>,
): SourceImage | undefined {
  const calls = steps.flatMap((step) =>
    [...flow.calls(step)].map(({ path, open }) => ({ path, ...flow.argumentsOf(open), open })),
  );
  const texts = steps.map((step) => textOf(flow, step));
  const isOpen = calls.some(({ path }) => !flow.isOwn(path) && !harmless.test(path) && mayScale.test(path));
  const resizes = calls.flatMap((call) => resizeOf(flow, call) ?? []);
  const opened = calls.flatMap(({ path }) => openers.find(([pattern]) => pattern.test(path))?.[1] ?? []);
  const { scaling, isSaid } = scalingIn(texts, modules);
  if (opened.length === 0 && resizes.length === 0 && !isSaid) return undefined;
  const isOdd = calls.some(({ path }) => isOther.test(path) && !openers.some(([pattern]) => pattern.test(path)));
  const isWhole = opened.length > 0 && !isOpen && !isOdd;
  const color = colorOf(texts, new Set(opened));
  return {
    ...(scaling ? { scaling } : !isSaid && isWhole && { scaling: 'none' as const }),
    ...(resizes.length > 0 && areSame(resizes) && { resize: resizes[0]! }),
    ...(color && { color }),
    isUpright:
      (opened.length > 0 || resizes.length > 0) &&
      !isOpen &&
      !texts.some((text) => inverts.test(text) || /(?:255|\b1)-(?!\d)/.test(text)),
  };
}

const areSame = (all: readonly SourceResize[]): boolean =>
  all.every((one) => JSON.stringify(one) === JSON.stringify(all[0]));

/** A step without spaces, numbers in one form. */
const textOf = (flow: SourceFlow, { from, to, sign = '' }: Step): string =>
  sign +
  flow.tokens
    .slice(from, Math.min(to, from + 400))
    .map(({ kind, text }) =>
      kind === 'number'
        ? String(Number(text.replaceAll('_', '')))
        : kind === 'text'
          ? `"${text.length > 12 ? '' : text}"`
          : text,
    )
    .join('')
    .replaceAll('1/255', '/255')
    .replaceAll('*(/255)', '/255')
    .replaceAll('*/255', '/255');

/** The order of colours: of what opens a picture, turned as often as it is. */
function colorOf(texts: readonly string[], opened: ReadonlySet<'rgb' | 'bgr'>): 'rgb' | 'bgr' | 'gray' | undefined {
  const all = texts.join(' ');
  if (/2GRAY|IMREAD_GRAYSCALE|rgb_to_grayscale|color_mode="grayscale"|convert\("L"\)|imread\([^)]*,0\)/.test(all))
    return undefined;
  const [first, ...others] = opened;
  if (!first || others.length > 0) return undefined;
  const turns = new Set(texts.filter((text) => /COLOR_(?:BGR2RGB|RGB2BGR)|\[(?:\.\.\.|:,:),::-1\]/.test(text))).size;
  if (turns > 1) return undefined;
  return turns === 1 ? (first === 'rgb' ? 'bgr' : 'rgb') : first;
}
