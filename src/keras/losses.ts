import { asText, isObject, lookUp } from './config.js';
import type { Config, ConfigValue, KerasModel } from './model.js';
import { namedOutputs, outputNames } from './outputs.js';

/** What an output was trained to make small. */
export interface Loss {
  /** Keras's class (`MeanSquaredError`) whichever way it was named; one of the model's own as the file has it. */
  name: string;
  /** Whether the output is taken for logits, where the file says it. */
  fromLogits?: boolean;
}

/** Keras's losses by their class, with the names that are not the class's own in other letters: those of older versions too. */
const aliases: Record<string, string> = {
  BinaryCrossentropy: 'bce',
  BinaryFocalCrossentropy: '',
  CTC: '',
  CategoricalCrossentropy: '',
  CategoricalFocalCrossentropy: '',
  CategoricalGeneralizedCrossEntropy: '',
  CategoricalHinge: '',
  Circle: '',
  CosineSimilarity: 'cosine_proximity cosine',
  Dice: '',
  Hinge: '',
  Huber: 'huber_loss',
  KLDivergence: 'kld kullback_leibler_divergence',
  LogCosh: '',
  MeanAbsoluteError: 'mae',
  MeanAbsolutePercentageError: 'mape',
  MeanSquaredError: 'mse',
  MeanSquaredLogarithmicError: 'msle',
  Poisson: '',
  SparseCategoricalCrossentropy: '',
  SquaredHinge: '',
  Tversky: '',
};

/** `mean_squared_error`, `MeanSquaredError` and `MSE` differ in letters and underscores alone from a name in the table. */
const fold = (name: string): string => name.replaceAll('_', '').toLowerCase();

const classes: Record<string, string> = Object.fromEntries(
  Object.entries(aliases).flatMap(([className, others]) =>
    `${className} ${others}`
      .trim()
      .split(' ')
      .map((name) => [fold(name), className]),
  ),
);

/** Losses around a function or another loss, with the setting that holds it. */
const wrapped: Record<string, string> = { CompileLoss: 'loss', LossFunctionWrapper: 'fn' };

/** The loss of each output in Keras's order; undefined where there is none or it can't be told. */
export function lossesOf({ graph, loss }: KerasModel): (Loss | undefined)[] {
  const names = outputNames(graph);
  return namedOutputs(graph).map(({ key, layer }, index) => {
    if (Array.isArray(loss)) return readLoss(loss[index]);
    if (!isObject(loss) || isSerialized(loss)) return readLoss(loss);
    const name = [names[index], key, layer].find((one) => one !== undefined && Object.hasOwn(loss, one));
    return name === undefined ? undefined : readLoss(loss[name]);
  });
}

/** Whether an object is one loss, not those of outputs by their names. */
const isSerialized = (value: Config): boolean => asText(value.class_name) !== undefined && 'config' in value;

function readLoss(value: ConfigValue | undefined): Loss | undefined {
  if (typeof value === 'string') return { name: classNameOf(value) };
  if (!isObject(value)) return undefined;
  const className = asText(value.class_name);
  if (className === undefined) return undefined;
  const registered = asText(value.registered_name);
  // What is registered under a package is not Keras's own, whatever it is called.
  if (registered?.includes('>')) return { name: registered, ...fromLogits(value.config) };
  if (typeof value.config === 'string') return { name: classNameOf(value.config) };
  const inner = lookUp(wrapped, className);
  if (inner !== undefined) return isObject(value.config) ? readInner(value.config, inner) : undefined;
  return { name: classNameOf(className), ...fromLogits(value.config) };
}

function readInner(config: Config, key: string): Loss | undefined {
  const loss = config[key];
  const isWrapper = isObject(loss) && lookUp(wrapped, asText(loss.class_name) ?? '') !== undefined;
  const read = isWrapper ? undefined : readLoss(loss);
  return read && { ...read, ...fromLogits(config) };
}

const classNameOf = (name: string): string => lookUp(classes, fold(name)) ?? name;

const fromLogits = (config: ConfigValue | undefined): Pick<Loss, 'fromLogits'> =>
  isObject(config) && typeof config.from_logits === 'boolean' ? { fromLogits: config.from_logits } : {};
