import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveFiles, archiveTop } from './archive-names.js';
import { asText, isObject } from './config.js';
import type { Contents } from './contents.js';
import { ModelFileError } from './errors.js';
import { type Hdf5Source, readHdf5 } from './hdf5.js';
import { limits, parseJson } from './limits.js';
import type { Config } from './model.js';
import { type OpenModelFile, readPart, withSource } from './source.js';
import { mostVocabularyBytes, vocabularyText } from './vocabulary-files.js';
import { findZipEntries, readZipEntry, verifyZipEntry, zipNames } from './zip.js';

/** The files of an archive: in a zip, or unpacked in a folder (`save_model(…, zipped=False)`). */
interface Files {
  /** The bytes of a file, undefined when it is not there. */
  read(name: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Where the HDF5 file with the weights lies. */
  weights: Hdf5Source;
}

/**
 * Reads a `.keras` archive, by Keras 3 or by tf.keras 2.12 to 2.15: a zip of `config.json`, `metadata.json` and
 * `model.weights.h5`. All may be in a folder of the zip, as where an unpacked archive was packed again.
 *
 * @throws ModelFileError
 */
export async function readArchive({ path, file, size }: OpenModelFile): Promise<Contents> {
  const top = archiveTop(await zipNames(file, size));
  const weightsName = top + archiveFiles.weights;
  const weights = (await findZipEntries(file, size, [weightsName])).get(weightsName)!;
  const contents = readFiles({
    read: async (name, maxBytes) => {
      const entry = (await findZipEntries(file, size, [top + name])).get(top + name);
      if (!entry) return undefined;
      if (entry.size > maxBytes) throw new ModelFileError('model_too_large', `${name} in the archive is too long.`);
      return readZipEntry(file, entry);
    },
    weights: {
      path,
      offset: weights.offset,
      length: weights.compressedSize,
      inflated: weights.deflated ? { length: weights.size, checksum: weights.checksum } : undefined,
    },
  });
  const checked = weights.deflated ? undefined : verifyZipEntry(file, weights);
  // Of two errors that of the reading says more; one of a checksum alone means numbers that were not saved.
  const [read, check] = await Promise.allSettled([contents, checked]);
  if (read.status === 'rejected') throw read.reason;
  if (check.status === 'rejected') throw check.reason;
  return read.value;
}

/** Reads a `.keras` archive that was unpacked into a folder. */
export async function readFolder({ path: folder }: OpenModelFile): Promise<Contents> {
  const path = join(folder, archiveFiles.weights);
  return withSource(path, ({ size }) =>
    readFiles({
      read: async (name, maxBytes) => {
        const there = await stat(join(folder, name)).catch(() => undefined);
        if (!there?.isFile()) return undefined;
        if (there.size > maxBytes) throw new ModelFileError('model_too_large', `${name} in the folder is too long.`);
        return withSource(join(folder, name), (source) => readPart(source, 0, source.size));
      },
      weights: { path, offset: 0, length: size },
    }),
  );
}

async function readFiles({ read, weights }: Files): Promise<Contents> {
  const entry = await readJson(read, archiveFiles.config);
  if (!entry) throw new ModelFileError('model_damaged', `The archive has no ${archiveFiles.config}.`);
  const metadata = await readJson(read, archiveFiles.metadata);
  return {
    architecture: { container: 'keras', entry, kerasVersion: asText(metadata?.keras_version) },
    weights: {
      layout: 'tree',
      group: await readHdf5(weights),
      async readVocabulary(layerPath) {
        const name = `assets/${layerPath}/vocabulary.txt`;
        const bytes = await read(name, mostVocabularyBytes);
        return bytes && vocabularyText(bytes, `The vocabulary ${name.slice(0, 200)} in the file`);
      },
    },
  };
}

async function readJson(read: Files['read'], name: string): Promise<Config | undefined> {
  const bytes = await read(name, limits.jsonBytes);
  if (!bytes) return undefined;
  const value = parseJson(bytes.toString('utf8'), name);
  if (isObject(value)) return value;
  throw new ModelFileError('model_damaged', `${name} in the archive is no JSON object.`);
}
