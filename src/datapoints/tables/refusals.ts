import { quoted } from '../../json/place.js';
import { nearestName } from '../../support/nearest-name.js';
import { InstancesError, show } from '../json-tensor.js';
import type { Category } from './columns.js';

/** The error of a value that should be something else, or that isn't there. @param nearest what it may be meant for */
export function refused(value: unknown, place: string, expected: string, nearest?: string): InstancesError {
  if (value === undefined || value === null) return new InstancesError(place, `${place} is missing.`);
  const hint = nearest === undefined ? '' : ` Did you mean ${quoted(nearest)}?`;
  return new InstancesError(place, `${place} should be ${expected}, but is ${show(value)}.${hint}`);
}

/** Categories that a message lists, and that the nearest one is looked for among. */
const [mostListed, mostCompared] = [20, 1000];

/** The error of a value that is none of some categories. */
export function refusedCategory(value: unknown, place: string, categories: readonly Category[]): InstancesError {
  const texts = categories.slice(0, mostCompared).map(String);
  const listed = texts.slice(0, mostListed).map(quoted).join(', ') + (categories.length > mostListed ? ', …' : '');
  const nearest = typeof value === 'string' ? nearestName(value, texts) : undefined;
  return refused(value, place, `one of ${listed}`, nearest);
}
