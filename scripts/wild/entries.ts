import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ModelCard } from '../../schemas/card.js';
import { packageRoot } from '../../src/support/package.js';
import type { Verdict } from './verdict.js';

/** A public repository's own model: what its author does with it, said in a card, and what Keras answers. */
export interface Entry {
  /** owner/name on GitHub. */
  repository: string;
  commit: string;
  /** The model file's path in the repository. */
  model: string;
  task: string;
  /** Files beside the model that it needs under other names: theirs by those. */
  beside?: Record<string, string>;
  card: ModelCard;
  /** A datapoint as a program sends it; `{"file": …}` is a picture of this repository, `{"wave": shape, "mean", "by"}` numbers. */
  question: unknown;
  /** What Keras answers after the author's own preparation, in the form of a reply. */
  keras: unknown;
  /** Why it is not answered right without a card. */
  folder?: string;
  /** What the author does that no card can say, and what Keras answers then. */
  unlike?: { why: string; answer?: unknown };
}

/** A model that was looked at and is not in the table. */
export interface Absent {
  repository: string;
  commit?: string;
  model: string;
  why: string;
}

const here = join(packageRoot, 'scripts/wild');
const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** All models of the table, by task. */
export const entries = (): Entry[] =>
  readdirSync(join(here, 'models'))
    .map((name) => read(join(here, 'models', name)) as Entry)
    .sort((one, other) => one.task.localeCompare(other.task) || one.repository.localeCompare(other.repository));

/** Models that could not be had or asked. */
export const absent = (): Absent[] => read(join(here, 'absent.json')) as Absent[];

/** Where a model lies in the folder of all repositories. */
export const modelPath = (folder: string, { repository, model }: Entry): string =>
  join(folder, repository.replace('/', '+'), model);

/** How models were answered without a card before files beside them were read, by repository. */
export const before = (): Record<string, Verdict> => read(join(here, 'before.json')) as Record<string, Verdict>;

interface Wave {
  wave: [length: number, width?: number];
  mean: number;
  by: number;
}

/** Numbers that need no file: mean + by × sin(i / 5 + j), of step i and column j. */
function numbersOf({ wave: [length, width], mean, by }: Wave): number[] | number[][] {
  const number = (i: number, j: number) => mean + by * Math.sin(i / 5 + j);
  const steps = Array.from({ length }, (_, i) => i);
  return width === undefined
    ? steps.map((i) => number(i, 0))
    : steps.map((i) => Array.from({ length: width }, (_, j) => number(i, j)));
}

/** A question with the bytes of its pictures and the numbers of its waves. */
export function asked(question: unknown): unknown {
  if (typeof question !== 'object' || question === null || Array.isArray(question)) return question;
  if ('file' in question) return readFileSync(join(packageRoot, String(question.file)));
  if ('wave' in question) return numbersOf(question as Wave);
  return Object.fromEntries(Object.entries(question).map(([name, value]) => [name, asked(value)]));
}

/**
 * The same question without names: columns become the numbers of their input, in order. Undefined where it has other values than numbers,
 * or no names.
 */
export function askedPlainly({ question, card }: Entry): unknown {
  const values = asked(question);
  const inputs = Object.entries(card.inputs ?? {}) as [string, { columns?: { name: string }[]; transform?: string }][];
  if (typeof values !== 'object' || values === null || values instanceof Uint8Array) return undefined;
  const rest = { ...(values as Record<string, unknown>) };
  for (const [input, { columns, transform }] of inputs) {
    if (input in rest || (!columns && !transform)) continue;
    const names = columns?.map(({ name }) => name) ?? Object.keys(rest);
    rest[input] = names.map((name) => rest[name]);
    for (const name of names) delete rest[name];
    if ((rest[input] as unknown[]).some((value) => typeof value !== 'number')) return undefined;
  }
  return isDeepStrictEqual(rest, values) ? undefined : rest;
}
