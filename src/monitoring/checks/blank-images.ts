import type { ImageSpec } from '../../datapoints/kinds/image.js';
import type { ChecksOf } from '../check.js';
import type { Sample } from '../sample.js';

/** As many as of numbers. */
const length = 32;

/** Steps of brightness, of 255, within which a picture is of one colour: those of a covered lens are not all equal. */
const noise = 2;

/** Pictures that are of one colour all over, more than half of them. */
export const blankImages: ChecksOf = ({ inputs }) =>
  inputs.flatMap(({ info: { name }, claimed: { kind, spec } }) => {
    if (kind !== 'image') return [];
    const { mean, channelsFirst } = (spec as ImageSpec).preparation;
    return {
      anomaly: 'blank_images' as const,
      key: `inputs.${name}`,
      length,
      begin() {
        let blank = 0;
        return {
          add({ inputs, raw }) {
            const isRaw = raw.includes(name);
            // Channels are the last axis of pixels. What is prepared otherwise has to be all one number.
            const channels = channelsFirst && !isRaw ? 1 : mean.length;
            if (isBlank(inputs[name]!, channels, isRaw ? noise : 0)) blank++;
          },
          verdict: () => (blank > length / 2 ? message : undefined),
        };
      },
    };
  });

const message =
  `More than half of ${length} different pictures are of one colour all over. ` +
  'Does what takes them see something, and are they scaled once, not twice?';

/** Whether each channel has one brightness: in the sample and, as seldom as that is so, in all of the picture. */
function isBlank({ values, places, length: count, all }: Sample, channels: number, most: number): boolean {
  const isSampleEven = isEven(values.subarray(0, count), (index) => places[index]! % channels, channels, most);
  return count > 0 && isSampleEven && isEven(all, (index) => index % channels, channels, most);
}

function isEven(
  values: ArrayLike<number | bigint>,
  channelOf: (index: number) => number,
  channels: number,
  most: number,
): boolean {
  const least = new Float64Array(channels).fill(Number.POSITIVE_INFINITY);
  const greatest = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
  for (let index = 0; index < values.length; index++) {
    const value = Number(values[index]);
    const channel = channelOf(index);
    if (value < least[channel]!) least[channel] = value;
    if (value > greatest[channel]!) greatest[channel] = value;
    if (!(greatest[channel]! - least[channel]! <= most)) return false;
  }
  return true;
}
