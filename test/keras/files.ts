/** Model files that the tests write: real containers around configs and weights of their own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Zippable, zipSync } from 'fflate';
import h5wasm from 'h5wasm/node';

/** A temporary folder, removed after the tests of the file that asks for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-test-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What {@link writeHdf5} is given to fill the file. */
export type Hdf5File = InstanceType<typeof h5wasm.File>;

/** Writes an HDF5 file with HDF5's own library. */
export async function writeHdf5(path: string, fill: (file: Hdf5File) => void): Promise<string> {
  await h5wasm.ready;
  const file = new h5wasm.File(path, 'w');
  fill(file);
  file.close();
  return path;
}

/** A Dense layer as Keras 3 writes it in a Sequential. */
export const dense = (name: string, units: number, config: object = {}) => ({
  module: 'keras.layers',
  class_name: 'Dense',
  config: { name, trainable: true, dtype: 'float32', units, activation: 'linear', use_bias: true, ...config },
  registered_name: null,
});

export const input = (shape: (number | null)[], dtype = 'float32') => ({
  module: 'keras.layers',
  class_name: 'InputLayer',
  config: { batch_shape: shape, dtype, name: 'input' },
  registered_name: null,
});

export const sequential = (...layers: object[]) => ({
  module: 'keras',
  class_name: 'Sequential',
  config: { name: 'sequential', trainable: true, layers },
  registered_name: null,
});

/** Fills an HDF5 file with the weights of one Dense layer, as Keras 3 keeps them. */
export function fillDense(file: Hdf5File, rows = 2, columns = 3): void {
  const group = file.create_group('layers').create_group('dense').create_group('vars');
  const kernel = Float32Array.from({ length: rows * columns }, (_, i) => i);
  group.create_dataset({ name: '0', data: kernel, shape: [rows, columns] });
  group.create_dataset({ name: '1', data: Float32Array.from({ length: columns }, (_, i) => -i) });
}

/** Writes a `.keras` archive. */
export async function writeArchive(
  path: string,
  config: unknown,
  fill: (file: Hdf5File) => void = fillDense,
  options: { level?: 0 | 9; more?: Zippable; version?: string } = {},
): Promise<string> {
  const weights = readFileSync(await writeHdf5(`${path}.h5`, fill));
  const files: Zippable = {
    'metadata.json': Buffer.from(
      JSON.stringify({ keras_version: options.version ?? '3.9.0', date_saved: '2025-01-01' }),
    ),
    'config.json': Buffer.from(typeof config === 'string' ? config : JSON.stringify(config)),
    'model.weights.h5': weights,
    ...options.more,
  };
  writeFileSync(path, zipSync(files, { level: options.level ?? 0 }));
  return path;
}
