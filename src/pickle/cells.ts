import { NumpyArray } from './arrays.js';
import { Instance, type PickleValue } from './values.js';

/** A value of a row, a category or a name; null where there is none. */
export type Cell = string | number | boolean | null;

/** A value as a cell: NaN is none, and a whole number that no number can hold is its text. */
export function cellOf(value: PickleValue | undefined): Cell | undefined {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isNaN(value) ? null : value;
  return value === null || typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
}

/** The cells of a list, an array of one axis or an index of pandas; undefined where it is something else. */
export function cellsOf(value: PickleValue | undefined): Cell[] | undefined {
  if (value instanceof Instance) return ofPandas(value);
  if (value instanceof NumpyArray && value.shape.length !== 1) return undefined;
  const values = value instanceof NumpyArray ? value.values : value;
  if (!Array.isArray(values)) return undefined;
  const cells = values.map(cellOf);
  return cells.includes(undefined) ? undefined : (cells as Cell[]);
}

/** Most names that a range stands for. */
const mostInRange = 100_000;

/** What pandas has that holds names, or leads to what holds them. */
function ofPandas({ className, attributes, args }: Instance): Cell[] | undefined {
  const state = attributes.get('__state__');
  switch (className) {
    case 'RangeIndex':
      return rangeOf(['start', 'stop', 'step'].map((name) => attributes.get(name)));
    case 'StringArray':
    case 'ObjectStringArray': {
      const array = Array.isArray(state) ? state.find((part) => part instanceof NumpyArray) : undefined;
      return cellsOf(array ?? [...attributes.values()].find((part) => part instanceof NumpyArray));
    }
    case 'DataFrame': {
      const manager = attributes.get('_mgr') ?? attributes.get('_data');
      if (!(manager instanceof Instance) || manager.className !== 'BlockManager') return undefined;
      return cellsOf(axesOf(manager));
    }
    default:
      if (!className.endsWith('Index')) return undefined;
      return cellsOf(notAnIndex(attributes.get('data') ?? args[0]));
  }
}

/** Data of an index: an array of NumPy or of pandas, no other index, which might be the same. */
const notAnIndex = (value: PickleValue | undefined): PickleValue | undefined =>
  value instanceof Instance && !value.className.endsWith('StringArray') ? undefined : value;

/** The index of the columns: the first of the axes, which stand second in a call, and first in a state. */
function axesOf({ args, attributes }: Instance): PickleValue | undefined {
  const state = attributes.get('__state__');
  const axes = Array.isArray(args[1]) ? args[1] : Array.isArray(state) ? state[0] : undefined;
  const [columns] = Array.isArray(axes) ? axes : [];
  return columns instanceof Instance && columns.className.endsWith('Index') ? columns : undefined;
}

function rangeOf([start, stop, step]: readonly (PickleValue | undefined)[]): number[] | undefined {
  if (typeof start !== 'number' || typeof stop !== 'number' || typeof step !== 'number') return undefined;
  const length = Math.max(0, Math.ceil((stop - start) / step));
  return length <= mostInRange ? Array.from({ length }, (_, index) => start + index * step) : undefined;
}
