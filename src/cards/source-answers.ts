import type { SourceFlow, Step } from './source-flow.js';
import type { Span } from './source-words.js';

/** What source code does with what a model answers. */
export interface SourceAnswer {
  /** That it is shown, saved or cut off as a picture, and how its numbers become pixels, where that is said. */
  picture?: { scaling?: 'unit' | 'tf' | 'none' };
  /** That it is compared with a number, or that the largest is looked for. */
  isChosen: boolean;
  /** What single numbers of it are called, by their places. */
  names: string[];
  /** What it is counted in where it is written: `f"₹ {price}"`. */
  unit?: string;
  /** Files of fitted objects whose inverse is taken of it. */
  inverses: string[];
}

/** What shows or saves a picture. */
const shows = /(?:^|\.)(?:imshow|imwrite|imsave|fromarray|save_img|array_to_img|toPixels)$/;
/** Endings of fitted objects. */
export const ofFitted = /\.(?:pkl|pickle|pk|joblib|jbl|sav|save|dump|bin|gz|p)$/i;

/** How what a model gives becomes pixels, the first that fits. */
const arithmetic: readonly [pattern: RegExp, scaling: 'unit' | 'tf'][] = [
  [/\*127\.5\)*\+127\.5|\+1\)*\*127\.5|\+1\)*\/2(?:\.0)?(?![\d.])|\*0?\.5\)*\+0?\.5/, 'tf'],
  [/\*255(?:\.0*)?(?![\d.])/, 'unit'],
];

const currency = String.raw`(?:US|CA|AU|NZ|HK|C|A|S)?\$|[₹€£¥₩₽₺₫₦฿]|Rs\.?|USD|INR|EUR|GBP|PKR|BDT|IDR|Rp\.?`;
const amount = 'lakhs?|crores?|millions?|billions?|thousands?';
/** What quantities are counted in: of other words nobody knows that they are a unit. */
const measure = String.raw`years?(?: old)?|months?|weeks?|days?|hours?|minutes?|seconds?|°\s?[CF]|[kMGm]?Wh?|[cmk]?m(?:\/s|\/h|²|³|\^2)?|km\/h|mph|[mk]?g(?:\/(?:kg|m³|L|dL))?|tons?|tonnes?|hg\/ha|kg\/ha|t\/ha|[kMG]?Pa|MPa|hPa|[mk]?V|[mk]?A|[kMG]?Hz|dB|ppm|µg\/m³|ug\/m3|mg\/dL|mm|inches|feet|miles|points?|dollars|rupees|euros|pounds|calories|kcal`;
const before = new RegExp(String.raw`(?:^|[\s:>*(])(${currency})\s*[:=]?\s*$`, 'iu');
const behind = new RegExp(String.raw`^\s?(?:(${amount})\b\s?)?(${currency}|${measure})?(?![\p{L}\p{N}])`, 'u');
const amountBehind = new RegExp(String.raw`^\s?(${amount})(?![\p{L}\p{N}])`, 'iu');

/** What becomes of what a model answers. @param steps all lines in which it is used */
export function answerOf(flow: SourceFlow, steps: readonly Step[]): SourceAnswer {
  const lines = steps.map((step) =>
    flow.tokens
      .slice(step.from, step.to)
      .map(({ text }) => text)
      .join(''),
  );
  const calls = steps.flatMap((step) => [...flow.calls(step)]);
  const known = new Set(steps.flatMap((step) => flow.setBy(step)));
  const isShown = calls.some(({ path }) => shows.test(path));
  const scalings = new Set(lines.flatMap((line) => arithmetic.find(([pattern]) => pattern.test(line))?.[1] ?? []));
  const [scaling] = scalings;
  // What is cut off at 0 and 1 is a picture's, as far as it has the shape of one.
  const isCut = lines.some((line) => /clip(?:_by_value)?\(.*,0(?:\.0?)?,1(?:\.0?)?[,)]/.test(line));
  const units = new Set(steps.flatMap((step) => unitsIn(flow, step, known)));
  const [unit] = units;
  const ofInverse = calls.filter(({ path }) => /\.inverse_transform$/.test(path));
  return {
    ...((isShown || isCut) && {
      picture: scalings.size === 1 ? { scaling: scaling! } : isCut ? { scaling: 'unit' } : {},
    }),
    isChosen: lines.some((line) => /[<>]=?\(?(?:0?\.\d|THRESH|thresh)|argmax|threshold/.test(line)),
    names: namesIn(flow, steps, known),
    ...(units.size === 1 && { unit: unit! }),
    inverses: [...new Set(ofInverse.flatMap(({ open }) => flow.filesBehind(flow.receiverOf(open), ofFitted)))],
  };
}

/** `apogee = y[0, 0]`, `velocity = y[0][1]`: the names of single numbers, where all from the first on have one. */
function namesIn(flow: SourceFlow, steps: readonly Step[], known: ReadonlySet<string>): string[] {
  const names: (string | undefined)[] = [];
  for (const { from, to } of steps) {
    const words = flow.tokens.slice(from, to).map(({ text }) => text);
    const [, name, source, place] =
      /^([A-Za-z_]\w*)=(?:float\(|round\()*([A-Za-z_]\w*)\[0(?:,|\]\[)(\d{1,2})\]\)*(?:,\d\))?$/.exec(words.join('')) ??
      [];
    if (name === undefined || !known.has(source!)) continue;
    const index = Number(place);
    if (names[index] !== undefined && names[index] !== name) return [];
    names[index] = name;
  }
  const isWhole =
    names.length > 1 && Array.from(names).every((name) => name !== undefined) && new Set(names).size === names.length;
  return isWhole ? (names as string[]) : [];
}

/** What stands beside a known name where it is filled into a text. */
function unitsIn(flow: SourceFlow, { from, to }: Span, known: ReadonlySet<string>): string[] {
  return flow.tokens.slice(from, to).flatMap(({ kind, text, isFilled }, index) => {
    const at = from + index;
    const isFormat = flow.is(at + 1, '.') && flow.tokens[at + 2]?.text === 'format';
    if (kind !== 'text' || (!isFilled && !isFormat) || text.length > 2000) return [];
    return [...text.matchAll(/\{([^{}]{0,100})\}/g)].flatMap((match) => {
      const [field, inner] = [match[0], match[1]!];
      const names = inner.split(':')[0]!.match(/[A-Za-z_]\w*/g) ?? [];
      const isIt = isFormat && !isFilled ? names.length === 0 : names.some((name) => known.has(name));
      return isIt ? (unitBeside(text.slice(0, match.index), text.slice(match.index + field.length)) ?? []) : [];
    });
  });
}

function unitBeside(start: string, end: string): string | undefined {
  const [, prefix] = before.exec(start) ?? [];
  const [, size] = amountBehind.exec(end) ?? [];
  const [, , suffix] = behind.exec(end) ?? [];
  const of = prefix ?? suffix;
  if (size === undefined) return of;
  const one = size.toLowerCase().replace(/s$/, '');
  return of === undefined ? undefined : `${one} ${of}`;
}
