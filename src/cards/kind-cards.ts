import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { ModelCard } from '../../schemas/card.js';
import type { KindCard } from '../datapoints/kind.js';
import { inputKinds, outputKinds, withoutNone } from '../datapoints/kinds.js';
import { CardError } from '../support/card-error.js';
import { lookUp } from '../support/look-up.js';
import { nearestName } from '../support/nearest-name.js';

/** What of a kind its part of a card is checked by. */
interface CardKind {
  readonly name: string;
  readonly card: Record<string, TSchema>;
}

/**
 * Checks what a card says of inputs and outputs by the keys of the kinds. A kind that is left out is the only one that has the
 * keys that are there.
 * @throws CardError that names the first key that is wrong
 */
export function checkKindCards({ inputs, outputs }: ModelCard): void {
  checkAll('inputs', inputs, inputKinds);
  checkAll('outputs', outputs, outputKinds);
}

function checkAll(place: string, cards: Record<string, KindCard> = {}, kinds: readonly CardKind[]): void {
  for (const [name, card] of Object.entries(cards)) check(`${place}.${name}`, card, kinds);
}

function check(place: string, { kind, ...keys }: KindCard, kinds: readonly CardKind[]): void {
  const names = kinds.map(({ name }) => name);
  const found = kinds.find(({ name }) => name === kind);
  if (kind !== undefined && !found)
    throw new CardError(
      `${place}.kind must be one of ${names.join(', ')}, but is "${kind.slice(0, 40)}".${meant(kind, names)}`,
    );
  const known = Object.assign({}, ...(found ? [found] : kinds).map(({ card }) => card)) as Record<string, TSchema>;
  for (const [key, value] of Object.entries(withoutNone(keys))) {
    const schema = Object.hasOwn(known, key) ? known[key] : undefined;
    if (!schema) {
      const what = found ? `a key of the kind "${found.name}"` : 'a known key';
      const all = ['kind', ...Object.keys(known)].join(', ');
      throw new CardError(`${place}.${key.slice(0, 50)} isn't ${what}. Known are ${all}.`);
    }
    checkValue(`${place}.${key}`, value, schema);
  }
}

const meant = (name: string, names: readonly string[]): string => {
  const nearest = nearestName(name, names);
  return nearest ? ` Did you mean "${nearest}"?` : '';
};

/** What the messages need of a schema. */
interface Described {
  description?: string;
  items?: Described;
  properties?: Record<string, Described>;
  anyOf?: Described[];
}

/** What scikit-learn's scalers call what a column has. */
const scikit: Readonly<Record<string, string>> = {
  mean: 'offset',
  std: 'scale',
  var: 'scale',
  min: 'offset',
  range: 'scale',
};

/** The schema of what is at a key. */
const inside = (schema: Described, key: string): Described =>
  schema.items ?? schema.properties?.[key] ?? schema.anyOf?.find(({ properties }) => properties) ?? schema;

/**
 * Checks what a card says by the schema of its key.
 * @param place of it, for messages
 * @throws CardError that names the first thing that is wrong
 */
export function checkValue(place: string, value: unknown, schema: TSchema): void {
  if (Value.Check(schema, value)) return;
  const errors = Value.Errors(schema, value);
  // Unknown keys first: they are most often a known one misspelt, whose absence is no error.
  const unknown = errors.find(({ schemaPath }) => schemaPath.endsWith('/additionalProperties'));
  const { instancePath, message } = unknown ?? errors[0]!;
  let described = schema as Described;
  let outer = described;
  let at = place;
  for (const key of instancePath.split('/').slice(1)) {
    at += /^\d+$/.test(key) ? `[${key}]` : `.${key.slice(0, 50)}`;
    outer = described.anyOf ? inside(described, key) : described;
    described = inside(outer, key);
  }
  const known = Object.keys(outer.properties ?? {});
  if (unknown && known.length > 0) {
    const key = instancePath.split('/').at(-1)!;
    const hint = lookUp(scikit, key) ? ` Here it is called "${scikit[key]}".` : meant(key, known);
    throw new CardError(`${at} isn't a known key.${hint} Known are ${known.join(', ')}.`);
  }
  throw new CardError(`${at} ${described.description ? `must be ${described.description}` : message}.`);
}
