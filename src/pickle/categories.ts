import type { Cell } from './cells.js';

/** What stands for a cell among categories: equal texts are one, and so are the numbers that they spell. */
const keyOf = (cell: Cell): string => (cell === null ? '\0' : String(cell));

/** The texts that true and false can be written as, as JSON, Python and numbers have them. */
const truths: Record<string, readonly string[]> = { true: ['True', '1'], false: ['False', '0'] };

/**
 * Finds the place of a cell among categories. NaN and None are one; where all categories are numbers, a text is the number that it spells.
 * @returns what gives undefined for what is none of them
 */
export function placeIn(categories: readonly Cell[]): (cell: Cell) => number | undefined {
  const places = new Map(categories.map((category, place) => [keyOf(category), place]));
  const areNumbers = categories.every((category) => typeof category === 'number' || category === null);
  const areTruths = categories.every((category) => typeof category === 'boolean' || category === null);
  if (areTruths)
    for (const category of categories)
      for (const text of truths[keyOf(category)] ?? []) places.set(text, places.get(keyOf(category))!);
  return (cell) => {
    const place = places.get(keyOf(cell));
    if (place !== undefined || cell === null) return place;
    if (areNumbers) return cell === '' ? undefined : places.get(String(Number(cell)));
    if (typeof cell !== 'boolean') return undefined;
    return truths[String(cell)]!.map((text) => places.get(text)).find((one) => one !== undefined);
  };
}
