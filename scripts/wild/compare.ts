import sharp from 'sharp';

/** What is compared of a PNG: the mean of its values, and some pixels: row, column, value by channel. */
interface Samples {
  mean: number;
  pixels: [y: number, x: number, ...values: number[]][];
}

/** How replies are compared. */
export interface Comparison {
  /** How far numbers may be apart, relative to the expected one or to 1. */
  tolerance: number;
  /** How many of 255 steps pixels may be apart. */
  steps: number;
  /** What else may stand for a text; undefined where it may also be missing. */
  insteadOf?(text: string): string | undefined;
}

/**
 * Where a reply is other than expected: all that the expected one has is looked for, lists may go on.
 * @returns a line for each difference; none where they agree
 */
export async function differences(expected: unknown, reply: unknown, how: Comparison, place = ''): Promise<string[]> {
  const differs = [`${place || 'the reply'}: ${shorten(reply)}, not ${shorten(expected)}`];
  if (typeof expected === 'number') {
    const near =
      typeof reply === 'number' && Math.abs(reply - expected) <= how.tolerance * Math.max(1, Math.abs(expected));
    return near ? [] : differs;
  }
  if (typeof expected === 'string') {
    const other = how.insteadOf?.(expected);
    return reply === expected || (how.insteadOf && reply === other) ? [] : differs;
  }
  if (typeof expected !== 'object' || expected === null) return reply === expected ? [] : differs;
  if (typeof reply !== 'object' || reply === null) return differs;
  // Several numbers that have no names are a list.
  if (how.insteadOf && Array.isArray(reply) && !Array.isArray(expected))
    return differences(Object.values(expected), reply, how, place);
  if (Array.isArray(reply) !== Array.isArray(expected)) return differs;
  const found: string[] = [];
  for (const [key, value] of Object.entries(expected)) {
    const given = (reply as Record<string, unknown>)[key];
    const at = place ? `${place}.${key}` : key;
    const isPicture = key === 'png' && typeof value === 'object' && typeof given === 'string';
    found.push(
      ...(isPicture
        ? await pixelsApart(value as Samples, given, how.steps, at)
        : await differences(value, given, how, at)),
    );
  }
  return found;
}

async function pixelsApart({ mean, pixels }: Samples, png: string, steps: number, place: string): Promise<string[]> {
  const { data, info } = await sharp(Buffer.from(png, 'base64')).raw().toBuffer({ resolveWithObject: true });
  // A grey PNG is decoded to three equal channels.
  const channels = pixels[0]!.length - 2;
  const value = (y: number, x: number, channel: number) => data[(y * info.width + x) * info.channels + channel]!;
  let sum = 0;
  for (let y = 0; y < info.height; y++)
    for (let x = 0; x < info.width; x++)
      for (let channel = 0; channel < channels; channel++) sum += value(y, x, channel);
  const ours = sum / (info.width * info.height * channels);
  const off = pixels.filter(([y, x, ...values]) => values.some((one, at) => Math.abs(one - value(y, x, at)) > steps));
  return [
    ...(Math.abs(ours - mean) > steps / 2 ? [`${place}: ${ours.toFixed(2)} on average, not ${mean.toFixed(2)}`] : []),
    ...(off.length > 0 ? [`${place}: ${off.length} of ${pixels.length} pixels are others`] : []),
  ];
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
