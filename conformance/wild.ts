/**
 * Counts what came of strangers' model files: reads what compare.ts wrote with --out about a folder that has one folder
 * for each repository, and writes wild.json, which holds counts and kinds only.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Results, tolerance } from './compare.js';

/** The counts. */
export interface WildCounts {
  repositories: number;
  /** Files that differ from one another. */
  files: number;
  containers: Record<string, number>;
  writtenBy: Record<string, number>;
  equal: number;
  /** The greatest error of those that equal Keras in single precision, as a part of the output's scale. */
  worst: number;
  /** Those of the equal ones that compute in half precision, or whose own answers the last bit of the input moves by more. */
  roughly: number;
  different: number;
  failed: number;
  /** Files that keras-serve runs and neither Keras 3 nor tf-keras 2 loads. */
  withoutReference: number;
  refused: Record<string, number>;
}

const containers: Record<string, string> = {
  keras: '`.keras`',
  hdf5: '`.h5`',
  architecture: 'architecture in JSON',
  tensorflowjs: 'TensorFlow.js',
  weights: 'weights alone',
  unknown: 'none of these',
};

/** Why a file is refused, by the error's message: the first that fits. */
const reasons: [pattern: RegExp, reason: string][] = [
  [/\(Lambda\)|Python code/, 'a `Lambda` layer, which is Python code'],
  [/TextVectorization|StringLookup|Hashing/, 'a layer that works on strings'],
  [/not a built-in Keras layer/, "a class of the author's own"],
  [/weights without the architecture/, 'weights without the architecture that they belong to'],
  [/architecture without weights/, 'an architecture without weights'],
  [/Git LFS/, 'a Git LFS pointer instead of the model'],
  [/holds ".*" twice/, 'an archive with two entries of one name'],
  [/is empty|of a known kind|no Keras model: it holds no config/, 'no model in any format'],
  [/before it was built/, 'saved before its input was known, until its shape is given'],
  [/is damaged|cut off/, 'a damaged file'],
];

/** Counts the outcomes of files in `folder`. */
export function count(results: Results, folder: string): WildCounts {
  const counts: WildCounts = {
    repositories: new Set(Object.keys(results).map((name) => name.split('/')[0])).size,
    files: 0,
    containers: {},
    writtenBy: {},
    equal: 0,
    worst: 0,
    roughly: 0,
    different: 0,
    failed: 0,
    withoutReference: 0,
    refused: {},
  };
  const add = (table: Record<string, number>, key: string) => {
    table[key] = (table[key] ?? 0) + 1;
  };
  const seen = new Set<string>();
  for (const [name, outcome] of Object.entries(results)) {
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    if (seen.has(digest)) continue;
    seen.add(digest);
    counts.files++;
    add(counts.containers, containers[outcome.kind] ?? outcome.kind);
    add(counts.writtenBy, /^[123]\./.test(outcome.version ?? '') ? `Keras ${outcome.version![0]}` : 'not said');
    if (outcome.result === 'refused')
      add(counts.refused, reasons.find(([pattern]) => pattern.test(outcome.message))?.[1] ?? `other: ${outcome.code}`);
    else if (outcome.result === 'unknown') counts.withoutReference++;
    else counts[outcome.result]++;
    if (outcome.result !== 'equal') continue;
    if (outcome.tolerance || outcome.error > tolerance) counts.roughly++;
    else counts.worst = Math.max(counts.worst, outcome.error);
  }
  return counts;
}

if (import.meta.filename === process.argv[1]) {
  const [results, folder] = process.argv.slice(2);
  if (!results || !folder) throw new Error('Usage: wild.ts <outcomes.json> <folder>');
  const counts = count(JSON.parse(readFileSync(results, 'utf8')), folder);
  writeFileSync(join(import.meta.dirname, 'wild.json'), `${JSON.stringify(counts, null, 1)}\n`);
  console.log(counts);
}
