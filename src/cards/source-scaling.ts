/** Ways of scaling that code has: those of cards, and from −0.5 to 0.5. */
export type SourceScaling = 'none' | 'unit' | 'tf' | 'torch' | 'caffe' | 'centred';

/** `preprocess_input` by the module of keras.applications that has it; those of the others do nothing. */
const preprocessing: Record<string, SourceScaling> = {
  vgg16: 'caffe',
  vgg19: 'caffe',
  resnet: 'caffe',
  resnet50: 'caffe',
  imagenet_utils: 'caffe',
  densenet: 'torch',
  mobilenet: 'tf',
  mobilenet_v2: 'tf',
  inception_v3: 'tf',
  inception_resnet_v2: 'tf',
  xception: 'tf',
  resnet_v2: 'tf',
  nasnet: 'tf',
  efficientnet: 'none',
  efficientnet_v2: 'none',
  mobilenet_v3: 'none',
  convnext: 'none',
  regnet: 'none',
  resnet_rs: 'none',
};

/** Arithmetic on pixels, the first that fits, as words without spaces between; what is done to numbers from 0 to 1 goes on from there. */
const arithmetic: readonly [pattern: RegExp, scaling: SourceScaling | 'to tf' | 'to centred'][] = [
  [/-12[78](?:\.5)?\)*\/12[78](?:\.5)?(?!\d)/, 'tf'],
  [/\/12[78](?:\.5)?\)*-1(?![\d.])/, 'tf'],
  [/\/255\)*-0\.5\)*(?:\*2|\/0\.5)(?![\d.])/, 'tf'],
  [/\/255\)*\*2\)*-1(?![\d.])/, 'tf'],
  [/\/255\)*-0\.5(?!\d)/, 'centred'],
  [/\/255(?![\d.])|\*0\.0039\d*|divide\([^,]*,255\)/, 'unit'],
  [/convert_image_dtype\([^)]*float/, 'unit'],
  [/-0\.5\)+(?:\*2|\/0\.5)(?![\d.])/, 'to tf'],
  [/\*2\)*-1(?![\d.])/, 'to tf'],
  [/-0\.5\)*$/, 'to centred'],
];
/** What else looks like scaling. */
const unknownArithmetic = /[-*/](?:mean|std|self\.mean|self\.std|np\.max|np\.mean|np\.std)|\.(?:max|min|std|mean)\(/;

/** How pixels are scaled; undefined where nothing is done that is known, and whether anything is. */
export function scalingIn(
  texts: readonly string[],
  modules: ReadonlyMap<string, string>,
): { scaling?: SourceScaling; isSaid: boolean } {
  const found = texts.flatMap((text) => arithmetic.find(([pattern]) => pattern.test(text))?.[1] ?? []);
  const modes = texts.flatMap((text) =>
    [...text.matchAll(/(?:(\w+)\.)?preprocess_input\b/g)].map(([, module]) => {
      const name = module ?? modules.get('preprocess_input')?.split('.').at(-1) ?? '';
      return Object.hasOwn(preprocessing, name) ? preprocessing[name]! : undefined;
    }),
  );
  const all = new Set<string | undefined>([...found, ...modes]);
  const isSaid = all.size > 0 || texts.some((text) => unknownArithmetic.test(text));
  const one = (name: string, ...more: string[]) =>
    all.has(name) && [...all].every((each) => each === name || more.includes(each!));
  if (one('unit') || one('none') || one('torch') || one('caffe') || one('centred'))
    return { scaling: [...all][0] as SourceScaling, isSaid };
  if (one('tf', 'unit', 'to tf') && !all.has('unit')) return { scaling: 'tf', isSaid };
  if (all.has('unit') && all.has('to tf') && all.size === 2) return { scaling: 'tf', isSaid };
  if (all.has('unit') && all.has('to centred') && all.size === 2) return { scaling: 'centred', isSaid };
  return { isSaid };
}
