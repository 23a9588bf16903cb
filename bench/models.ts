import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/support/package.js';

function runKeras(python: string, args: string[]): void {
  execFileSync(join(python, 'bin/python'), args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { KERAS_BACKEND: 'tensorflow', TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '-1', ...process.env },
  });
}

/**
 * A model of keras.applications as real Keras saves it, with random weights.
 * @param python a Python environment with Keras
 * @param folder where it is made, unless it is there
 * @returns the folder with `model.keras`
 */
export function makeModel(name: string, python: string, folder = join(tmpdir(), 'keras-serve-bench')): string {
  const made = join(folder, name.toLowerCase());
  if (!existsSync(join(made, 'model.keras')))
    runKeras(python, [join(packageRoot, 'bench/make_models.py'), folder, name]);
  return made;
}

/**
 * A model that is asked in JSON, as real Keras saves it, with random weights: of a table's rows, recurrent, or of texts.
 * @returns the folder with `model.keras` and `instances.json`, which is what to ask
 */
export function makeRowModel(
  name: 'table' | 'rnn' | 'text',
  python: string,
  folder = join(tmpdir(), 'keras-serve-bench'),
): string {
  const made = join(folder, name);
  const [script, to] = name === 'text' ? ['make_text_model.py', made] : ['make_row_models.py', folder];
  if (!existsSync(join(made, 'instances.json'))) runKeras(python, [join(packageRoot, 'bench', script), to]);
  return made;
}
