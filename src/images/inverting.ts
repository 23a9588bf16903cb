import type { Pixels } from './options.js';

/** Colours of a pixel: what comes behind them is alpha. */
const COLOURS = 3;

/** Pixels in which what was dark is light: the least value is the most, and the other way round. Alpha stays. */
export function inverted<T extends Pixels>(pixels: T, channels: number, [least, most]: readonly [number, number]): T {
  const swapped = pixels.slice() as T;
  for (let index = 0; index < pixels.length; index++)
    if (index % channels < COLOURS) swapped[index] = least + most - pixels[index]!;
  return swapped;
}

/**
 * Whether the border of a picture, a frame of one pixel, is lighter on average than its middle, the rest: dark signs on light ground.
 * False where there is no middle.
 * @param shape of the pixels, row-major
 */
export function isLighterAround(
  pixels: Pixels,
  [height, width, channels]: readonly [height: number, width: number, channels: number],
): boolean {
  const colours = Math.min(channels, COLOURS);
  let [border, middle] = [0, 0];
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const isBorder = row === 0 || row === height - 1 || column === 0 || column === width - 1;
      for (let colour = 0; colour < colours; colour++) {
        const value = pixels[(row * width + column) * channels + colour]!;
        if (isBorder) border += value;
        else middle += value;
      }
    }
  const inside = Math.max(0, height - 2) * Math.max(0, width - 2);
  return inside > 0 && border / (height * width - inside) > middle / inside;
}
