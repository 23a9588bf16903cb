/** Compares keras-serve with the answers of Keras that are recorded beside the model files in a folder. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ModelFileError } from '../src/keras/errors.js';
import { decode, difference, servedType } from '../test/helpers/fixtures.js';
import { answer, type Case, sameArgmax } from './answer.js';

/** What came of a model file. */
export type Outcome =
  | {
      result: 'equal' | 'different';
      error: number;
      argmax: boolean /** Where the numbers are the same. */;
      types?: string;
    }
  | { result: 'refused'; code: string; message: string }
  | { result: 'failed'; message: string }
  | { result: 'unknown'; message: string };

/** The outcomes of a folder by the name of the file, as `--out` writes them. */
export type Results = Record<string, Outcome & Pick<Case, 'kind' | 'version' | 'keras' | 'tolerance'>>;

/**
 * The greatest error, as a part of the output's scale, at which an answer is Keras's. More is let pass in half precision,
 * and where the model is so sensitive that Keras's own answer moves by more when the last bit of the input changes.
 */
export const tolerance = 1e-3;

/** Compares the answers to a case. */
export async function compare(record: Case, onnx?: string): Promise<Outcome> {
  try {
    const outputs = await answer(record, onnx);
    if (!record.outputs) return { result: 'unknown', message: `answered; Keras: ${record.none}` };
    if (outputs.length !== record.outputs.length)
      return { result: 'failed', message: `${outputs.length} outputs for ${record.outputs.length}` };
    const expected = record.outputs.map(decode);
    const error = Math.max(...outputs.map((output, index) => difference(output, expected[index]!)));
    const argmax =
      error < Number.POSITIVE_INFINITY &&
      outputs.every((output, i) => sameArgmax(output, expected[i]!, record.tolerance));
    const close = error <= Math.max(record.tolerance ?? tolerance, record.rounding ?? 0);
    const types = outputs.map(({ type }, index) => [type, servedType(expected[index]!.type)]);
    const otherType = types.find(([given, wanted]) => given !== wanted);
    if (close && otherType) return { result: 'different', error, argmax, types: `${otherType[0]} for ${otherType[1]}` };
    return { result: close && argmax ? 'equal' : 'different', error, argmax };
  } catch (error) {
    if (error instanceof ModelFileError) return { result: 'refused', code: error.code, message: error.message };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (!record.outputs && /missing in 'feeds'|input .* is missing/i.test(message))
      return { result: 'unknown', message: `compiled; Keras: ${record.none}` };
    return { result: 'failed', message };
  }
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' }, out: { type: 'string' }, onnx: { type: 'boolean' } },
  });
  const folder = positionals[0];
  if (!folder || !existsSync(folder))
    throw new Error('Usage: compare.ts <folder with *.case.json> [--only text] [--onnx] [--out file.json]');
  const results: Results = {};
  for (const file of (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => name.endsWith('.case.json'))
    .sort()) {
    if (values.only && !file.includes(values.only)) continue;
    const path = join(folder, file);
    const record: Case = JSON.parse(readFileSync(path, 'utf8'));
    const here = (name: string) => join(dirname(path), basename(name));
    const model = here(record.model);
    const weights = record.weights && here(record.weights);
    const outcome = await compare(
      { ...record, model, weights },
      values.onnx ? path.replace('.case.json', '.onnx') : undefined,
    );
    const name = relative(folder, path).replace('.case.json', '');
    const { kind, version, keras, tolerance } = record;
    results[name] = { ...outcome, kind, version, keras, tolerance };
    const detail =
      'message' in outcome ? outcome.message.split('\n').slice(0, 3).join(' ') : outcome.error.toExponential(1);
    console.log(`${outcome.result.padEnd(9)} ${name} [${record.kind} ${record.version ?? ''}] ${detail}`);
  }
  const counts = new Map<string, number>();
  for (const { result } of Object.values(results)) counts.set(result, (counts.get(result) ?? 0) + 1);
  console.log([...counts].map(([result, count]) => `${count} ${result}`).join(', '));
  if (values.out) writeFileSync(values.out, JSON.stringify(results, null, 1));
}

if (import.meta.filename === process.argv[1]) await main();
