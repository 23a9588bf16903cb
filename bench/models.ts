import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/support/package.js';

/**
 * A model of keras.applications as real Keras saves it, with random weights.
 * @param python a Python environment with Keras
 * @param folder where it is made, unless it is there
 * @returns the folder with `model.keras`
 */
export function makeModel(name: string, python: string, folder = join(tmpdir(), 'keras-serve-bench')): string {
  const made = join(folder, name.toLowerCase());
  if (!existsSync(join(made, 'model.keras')))
    execFileSync(join(python, 'bin/python'), [join(packageRoot, 'bench/make_models.py'), folder, name], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { KERAS_BACKEND: 'tensorflow', TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '-1', ...process.env },
    });
  return made;
}
