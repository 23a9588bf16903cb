/** What files of JSON, dicts and MLflow plainly say of a model: no prose is read. */

/** What is said of a model as a whole. */
export interface SaidOfModel {
  /** How sure a class has to be. */
  threshold?: number;
  /** What its answers are counted in. */
  unit?: string;
  /** What its answers are called, in their order. */
  targets?: readonly string[];
}

/** Under which keys it stands: the first that has it counts. */
const keys = {
  threshold: ['threshold', 'decision_threshold', 'best_threshold', 'optimal_threshold', 'classification_threshold'],
  // `units` is mostly `metric`, or how many a layer has.
  unit: ['unit', 'target_unit', 'output_unit', 'unit_of_measurement'],
  targets: ['target_names', 'target_columns', 'targets', 'output_names', 'output_columns', 'outputs'],
  target: ['target_name', 'target_column', 'target', 'output_name', 'output_column'],
};

/** The longest unit that is no sentence. */
const longestUnit = 30;
const [mostTargets, longestTarget] = [10_000, 200];

const isName = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= most && !/\p{Cc}/u.test(value);

const areTargets = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= mostTargets &&
  value.every((one) => isName(one, longestTarget)) &&
  new Set(value).size === value.length;

/** What entries say of a model; nothing of what isn't as it should be. */
export function saidOfModel(entries: Record<string, unknown>): SaidOfModel {
  const first = (names: readonly string[]) => names.map((name) => entries[name]).filter((value) => value != null);
  const threshold = first(keys.threshold).find((value) => typeof value === 'number');
  const unit = first(keys.unit).find((value) => isName(value, longestUnit));
  const one = first(keys.target).find((value) => isName(value, longestTarget));
  const targets = first(keys.targets).find(areTargets) ?? (one === undefined ? undefined : [one]);
  return {
    ...(threshold !== undefined && { threshold: threshold as number }),
    ...(unit !== undefined && { unit: unit as string }),
    ...(targets && { targets: targets as string[] }),
  };
}
