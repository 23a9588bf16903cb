import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Case } from './answer.js';
import type { Outcome } from './compare.js';
import type { Python } from './python.js';

const run = promisify(execFile);

/** What came of a model of keras.applications in one container. */
export interface ApplicationResult {
  name: string;
  container: '.keras' | '.h5';
  parameters?: number;
  /** The input, without the batch. */
  input?: number[];
  /** The greatest difference to Keras as a part of the output's scale: in Node, and of the exported ONNX in Python. */
  error?: number;
  argmax?: boolean;
  errorInPython?: number;
  opset?: number;
  /** What went wrong. */
  failed?: string;
}

/** Applications that go through `.h5` as well: one of each way to build a network. */
export const throughHdf5 = [
  'ConvNeXtTiny',
  'DenseNet121',
  'EfficientNetB0',
  'MobileNetV2',
  'NASNetMobile',
  'ResNet50',
  'VGG16',
];

/**
 * Builds an application with random weights, and compares Keras, keras-serve and the exported ONNX. One process after the
 * other, so that a large model is in memory once.
 */
export async function runApplication(
  name: string,
  container: ApplicationResult['container'],
  python: Python,
): Promise<ApplicationResult> {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-application-'));
  const result: ApplicationResult = { name, container };
  try {
    await python('application.py', name, folder, '--suffix', container);
    const file = join(folder, 'model.case.json');
    const record: Case & { parameters: number } = JSON.parse(readFileSync(file, 'utf8'));
    result.parameters = record.parameters;
    result.input = record.inputs![0]!.shape.slice(1);
    const outcome = await compareInProcess(folder);
    if ('message' in outcome) throw new Error(outcome.message.split('\n').slice(0, 4).join(' '));
    result.error = outcome.error;
    result.argmax = outcome.argmax;
    const checked = JSON.parse(await python('check_onnx.py', join(folder, 'model.onnx'), file));
    result.errorInPython = checked.error;
    result.opset = checked.opset;
    if (outcome.result !== 'equal' || !(checked.error <= 1e-3)) result.failed = 'the answers differ';
  } catch (error) {
    // Where things lie on the machine that ran this is nobody's concern.
    result.failed = (error as Error).message.replace(/(?:\/[\w.@+-]+)+\//g, '').slice(0, 600);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return result;
}

async function compareInProcess(folder: string): Promise<Outcome> {
  const out = join(folder, 'outcome.json');
  const script = join(import.meta.dirname, 'compare.ts');
  await run(process.execPath, ['--import', 'tsx', script, folder, '--onnx', '--out', out]);
  return Object.values(JSON.parse(readFileSync(out, 'utf8')) as Record<string, Outcome>)[0]!;
}
