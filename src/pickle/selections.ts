/** Which columns a part of a ColumnTransformer is for: names, places, truths, or a slice of them. */
import { cellsOf } from './cells.js';
import { Instance, type PickleValue } from './values.js';

const mostColumns = 100_000;

export const isEmpty = (selection: PickleValue): boolean =>
  selection === null || (Array.isArray(selection) && selection.length === 0);

/** The names in a selection by name; undefined where it is another. */
export function textsOf(selection: PickleValue): string[] | undefined {
  if (typeof selection === 'string') return [selection];
  const cells = cellsOf(selection);
  return cells?.every((cell) => typeof cell === 'string') ? cells : undefined;
}

/** How many columns there are where nothing says it: before 0.22 those that no transformer is for are the last selection. */
export const widthOf = (selections: readonly PickleValue[]): number =>
  selections.reduce<number>((most, selection) => {
    const ends = isSlice(selection)
      ? [Number(selection.args[1] ?? 0)]
      : (cellsOf(selection) ?? []).map((place) => Number(place) + 1);
    return ends.reduce((end, one) => (one > end && one <= mostColumns ? one : end), most);
  }, 0);

const isSlice = (selection: PickleValue): selection is Instance =>
  selection instanceof Instance && selection.className === 'slice';

/** The places of the columns of a selection; undefined where it isn't understood. */
export function placesOf(
  selection: PickleValue,
  placeByName: ReadonlyMap<string, number>,
  width: number,
): readonly number[] | undefined {
  const placeOf = (one: PickleValue): number | undefined => {
    const place = typeof one === 'string' ? placeByName.get(one) : one;
    if (typeof place !== 'number' || !Number.isInteger(place)) return undefined;
    const known = place < 0 ? place + width : place;
    return known >= 0 && known < width ? known : undefined;
  };
  const places = isSlice(selection) ? sliced(selection.args, placeOf, width) : listed(selection)?.map(placeOf);
  return places?.every((place) => place !== undefined) && places.length <= mostColumns ? places : undefined;
}

/** What a list selects; the places of what is true in a list of truths. */
function listed(selection: PickleValue): readonly PickleValue[] | undefined {
  const isRest = selection instanceof Instance && selection.className === '_RemainderColsList';
  const list = isRest ? selection.attributes.get('data') : selection;
  const isOne = typeof list === 'string' || typeof list === 'number';
  const cells = isOne ? [list] : cellsOf(list);
  const areTruths = cells && cells.length > 0 && cells.every((cell) => typeof cell === 'boolean');
  return areTruths ? cells.flatMap((cell, place) => (cell ? [place] : [])) : cells;
}

/** A slice of steps of 1; one between names has the last of them, too. */
function sliced(
  [start = null, stop = null, step = null]: readonly PickleValue[],
  placeOf: (one: PickleValue) => number | undefined,
  width: number,
): number[] | undefined {
  if (step !== null && step !== 1) return undefined;
  const from = start === null ? 0 : placeOf(start);
  const isPast = typeof stop === 'number' && stop >= width;
  const to = stop === null || isPast ? width : placeOf(stop);
  if (from === undefined || to === undefined) return undefined;
  const end = typeof stop === 'string' ? to + 1 : to;
  return Array.from({ length: Math.max(0, end - from) }, (_, index) => from + index);
}
