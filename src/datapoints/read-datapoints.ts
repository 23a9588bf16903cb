import { at } from '../json/place.js';
import { nearestName } from '../support/nearest-name.js';
import type { Signature, TensorInfo } from '../support/tensor.js';
import { clashesOf, knownNames, type Names, namesOf } from './datapoint-names.js';
import { fromDatapoint, fromInputs, fromInstances, type Reading, splitByName } from './instances.js';
import { InstancesError, isList, isObject, type List, show, wrong } from './json-tensor.js';
import type { Column } from './kind.js';
import { type Claimed, inputKind, type ModelKinds } from './kinds.js';
import { haveRows } from './rows.js';

/** What was read of datapoints. */
export interface Datapoints {
  /** By input name. */
  columns: Record<string, Column>;
  /** Whether there is one datapoint, not a list. */
  single: boolean;
}

/**
 * The datapoints in JSON, each input as its kind has it. There may be
 *
 * - `{"instances": […]}`, or the list alone: an element for each. It is an object by input name, by column name, or both; of a model
 *   with one input also the value alone;
 * - an object by input or column name, or both: one datapoint;
 * - `{"inputs": {…}}`, or the object alone: by the same names lists of the values of all datapoints.
 *
 * An object is one datapoint where its values have the form of one datapoint's, be it that they could be lists of them, too.
 *
 * @throws InstancesError, Base64Error
 */
export function readDatapoints(json: unknown, signature: Signature, kinds: ModelKinds['inputs']): Datapoints {
  const { names, reading } = formOf(signature.inputs, kinds);
  const instances = (rows: List, place: string) => fromInstances(rows, place, signature, reading);
  if (isList(json)) return { columns: instances(json, ''), single: false };
  if (!isObject(json))
    throw new InstancesError('', `There should be an array or an object, but there is ${show(json)}.`);
  const [wrapper] = ['instances', 'inputs'].filter((key) => Object.hasOwn(json, key) && !names.has(key));
  if (wrapper === undefined) {
    if (isDatapoint(json, signature, kinds, names))
      return { columns: fromDatapoint(json, signature, reading), single: true };
    return { columns: fromLists(json, '', signature, reading, names, kinds), single: false };
  }
  const [other] = Object.keys(json).filter((key) => key !== wrapper);
  if (other !== undefined) throw new InstancesError(at('', other), `${at('', other)} is not known beside ${wrapper}.`);
  const wrapped = json[wrapper];
  if (wrapper === 'instances') {
    if (!isList(wrapped))
      throw new InstancesError('instances', `instances should be an array, but is ${show(wrapped)}.`);
    return { columns: instances(wrapped, 'instances'), single: false };
  }
  if (!isObject(wrapped)) throw wrong('inputs', 'an object with a list of values for every input', wrapped);
  return { columns: fromLists(wrapped, 'inputs', signature, reading, names, kinds), single: false };
}

/** Whether JSON says by name what a model is asked about, in any of the ways there are. */
export function isByName(
  json: Record<string, unknown>,
  inputs: readonly TensorInfo[],
  kinds: ModelKinds['inputs'],
): boolean {
  const { names } = formOf(inputs, kinds);
  return Object.keys(json).some((key) => key === 'instances' || key === 'inputs' || names.has(key));
}

/** How datapoints of a model are written: the same for all its requests. */
interface Form {
  inputs: readonly TensorInfo[];
  names: Names;
  reading: Reading<Column>;
}

const forms = new WeakMap<ModelKinds['inputs'], Form>();

function formOf(inputs: readonly TensorInfo[], kinds: ModelKinds['inputs']): Form {
  const known = forms.get(kinds);
  if (known?.inputs === inputs) return known;
  const names = namesOf(inputs, kinds);
  const form = { inputs, names, reading: readingOf(inputs, kinds, names) };
  forms.set(kinds, form);
  return form;
}

/** Whether an object by name is one datapoint. */
function isDatapoint(
  json: Record<string, unknown>,
  { inputs }: Signature,
  kinds: ModelKinds['inputs'],
  names: Names,
): boolean {
  if (!haveRows(inputs)) return false;
  const named = Object.entries(json).flatMap(([key, value]) => {
    const found = names.get(key);
    return found && !found.ignored ? [{ ...found, value }] : [];
  });
  return named.some(({ input: name, column, value }) => {
    const { kind, spec } = kinds[name]!;
    if (column !== undefined) return !isList(value);
    return inputKind(kind).isOne(value, inputs.find((input) => input.name === name)!, spec);
  });
}

/** How datapoints are read: each input as its kind has it, a datapoint being an object by input name, column name or both. */
function readingOf(inputs: readonly TensorInfo[], kinds: ModelKinds['inputs'], names: Names): Reading<Column> {
  return {
    reader: (input, rows) => {
      const { kind, spec } = kinds[input.name]!;
      return inputKind(kind).reader(input, spec, rows);
    },
    split: isAlwaysByInputName(inputs, kinds, names) ? splitByName(inputs) : splitByColumn(inputs, kinds, names),
  };
}

/** Whether a datapoint can be nothing but an object by input name, with all of them. */
const isAlwaysByInputName = (inputs: readonly TensorInfo[], kinds: ModelKinds['inputs'], names: Names): boolean =>
  names.size === inputs.length &&
  (inputs.length > 1 || kinds[inputs[0]!.name]!.kind === 'tensor') &&
  !inputs.some(({ name }) => isTable(kinds[name]!));

/** Whether an input has columns, which may all be absent. */
const isTable = ({ kind, spec }: Claimed): boolean => (inputKind(kind).columns?.(spec) ?? []).length > 0;

/** Finds values by input and column names. */
function splitByColumn(
  inputs: readonly TensorInfo[],
  kinds: ModelKinds['inputs'],
  names: Names,
): Reading<unknown>['split'] {
  const known = knownNames(names);
  const [only] = inputs;
  /** Whether an object is the value of the only input, not one by names: `{"b64": …}`. */
  const isValue = (row: Record<string, unknown>) =>
    inputs.length === 1 &&
    !Object.keys(row).some((key) => names.has(key)) &&
    inputKind(kinds[only!.name]!.kind).isOne(row, only!, kinds[only!.name]!.spec);
  const tabular = new Set(inputs.flatMap(({ name }) => (isTable(kinds[name]!) ? [name] : [])));
  const clashing = new Set(clashesOf(inputs, kinds).flatMap(({ tables }) => tables));
  const isOneTable = inputs.length === 1 && tabular.size === 1 && clashing.size === 0;
  return (row, place) => {
    if (isOneTable && isObject(row) && !Object.hasOwn(row, only!.name)) return () => [row, place];
    if (!isObject(row) || isValue(row)) {
      if (inputs.length === 1) return () => [row, place];
      throw wrong(place, `an object with ${listed(known)}`, row);
    }
    const values = new Map<string, [value: unknown, place: string]>();
    const tables = new Map<string, [column: string, value: unknown][]>();
    for (const [key, value] of Object.entries(row)) {
      const named = names.get(key);
      if (!named) throw unknownKey(key, place, known);
      const { input, column, ignored } = named;
      if (ignored) continue;
      if (column === undefined) {
        if (values.has(input)) throw twice(at(place, key), input);
        values.set(input, [value, at(place, key)]);
      } else if (!tables.get(input)?.push([column, value])) tables.set(input, [[column, value]]);
    }
    return ({ name }) => {
      const part = tables.get(name);
      if (part && values.has(name))
        throw new InstancesError(at(place, name), `${at(place, name)} is given as a whole and by its columns.`);
      const found = values.get(name);
      if (found) return found;
      if (tabular.has(name)) return [Object.fromEntries(part ?? []), clashing.has(name) ? at(place, name) : place];
      throw new InstancesError(at(place, name), `${at(place, name)} is missing. There are ${listed(known)}.`);
    };
  };
}

/** The values of all datapoints in a list for each input or column. */
function fromLists(
  json: Record<string, unknown>,
  place: string,
  signature: Signature,
  reading: Reading<Column>,
  names: Names,
  kinds: ModelKinds['inputs'],
): Record<string, Column> {
  const entries = Object.entries(json);
  const foreign = Object.keys(json).find((key) => !names.has(key));
  if (foreign !== undefined) throw unknownKey(foreign, place, knownNames(names));
  const isWhole = ([key]: [string, unknown]) => names.get(key)?.column === undefined && !names.get(key)?.ignored;
  const given = new Set(entries.map(([key]) => names.get(key)?.input));
  const isAbsent = signature.inputs.some(({ name }) => isTable(kinds[name]!) && !given.has(name));
  if (entries.every(isWhole) && (!isAbsent || entries.length === 0))
    return fromInputs(byInput(json, place, names), place, signature, reading);
  const [first] = entries;
  const lists = entries.map(([key, list]) => {
    const here = at(place, key);
    if (!isList(list)) throw wrong(here, 'a list of values, like the others', list);
    const rows = (first![1] as List).length;
    if (list.length !== rows) throw wrong(here, `as many values as ${at(place, first![0])}, which has ${rows}`, list);
    return [key, list] as const;
  });
  const rows = Array.from({ length: lists[0]![1].length }, (_, row) =>
    Object.fromEntries(lists.map(([key, list]) => [key, list.at(row)])),
  );
  return fromInstances(rows, place, signature, reading);
}

/** An object whose keys are the names of inputs in the place of what these are also called. @throws InstancesError */
function byInput(json: Record<string, unknown>, place: string, names: Names): Record<string, unknown> {
  const seen = new Set<string>();
  const entries = Object.entries(json).map(([key, value]) => {
    const name = names.get(key)?.input ?? key;
    if (seen.has(name)) throw twice(at(place, key), name);
    seen.add(name);
    return [name, value];
  });
  return Object.fromEntries(entries);
}

const twice = (place: string, input: string): InstancesError =>
  new InstancesError(place, `${place} is the input ${show(input)}, which is given twice.`);

const listed = (names: readonly string[]): string =>
  names.slice(0, 20).map(show).join(', ') + (names.length > 20 ? ', …' : '');

/** That a key of an object by names is none of them. */
const unknownKey = (key: string, place: string, known: readonly string[]): InstancesError =>
  new InstancesError(at(place, key), `${at(place, key)} is no input. ${hintFor(key, known)}`);

function hintFor(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known);
  return nearest ? `Did you mean ${show(nearest)}?` : `There are ${listed(known)}.`;
}
