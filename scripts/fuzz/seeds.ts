import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { unzipSync } from 'fflate';
import { families } from '../../test/helpers/fixtures.js';
import { functionCases } from '../../test/helpers/functions.js';
import { bytesOfCase, pickleCases } from '../../test/helpers/pickles.js';

/** A model file that real Keras wrote, with what belongs to it; or a pickle, or the code of a function. */
export interface Seed {
  name: string;
  /** What kind of file it is: seeds are drawn from every kind as often. */
  kind: string;
  /** Every file of the model by its name. */
  files: Record<string, Uint8Array>;
  model: string;
  weights: string | undefined;
}

function kindOf({ files, model }: Pick<Seed, 'files' | 'model'>, keras: string): string {
  const bytes = files[model]!;
  const major = /\d+/.exec(keras)?.[0] ?? '3';
  if (bytes[0] === 0x50) return `archive of Keras ${major}`;
  if (bytes[0] === 0x89) return `HDF5 of Keras ${major}`;
  return Object.keys(files).length > 2 ? 'TensorFlow.js' : 'architecture and weights';
}

/** The models, pickles and functions of the fixtures. */
export const readSeeds = (): Seed[] => [...readModels(), ...readPickles(), ...readFunctions()];

/** Functions that real Python marshalled. */
const readFunctions = (): Seed[] =>
  functionCases.flatMap(({ source, codes }) =>
    Object.entries(codes).map(([version, code]): Seed => {
      const files = { 'function.code': Buffer.from(code, 'base64') };
      return {
        name: `${source} of Python ${version}`,
        kind: 'function',
        files,
        model: 'function.code',
        weights: undefined,
      };
    }),
  );

/** Objects that real Python pickled, each a file beside a model. */
function readPickles(): Seed[] {
  return [...pickleCases].flatMap(([version, cases]) =>
    cases.map((one): Seed => {
      const isPacked = /^joblib (?:bz2|lzma|xz)$/.test(one.format);
      const kind = isPacked ? 'packed pickle' : one.format.startsWith('joblib') ? 'pickle of joblib' : 'pickle';
      const name = `${version}/${one.name}, ${one.format}`;
      return { name, kind, files: { 'object.pkl': bytesOfCase(one) }, model: 'object.pkl', weights: undefined };
    }),
  );
}

function readModels(): Seed[] {
  return families.flatMap((family) => {
    const archive = unzipSync(readFileSync(new URL(`../../test/fixtures/keras/${family}.zip`, import.meta.url)));
    return Object.keys(archive)
      .filter((name) => name.endsWith('/case.json'))
      .flatMap((name): Seed[] => {
        const folder = posix.dirname(name);
        const { model, weights, keras } = JSON.parse(Buffer.from(archive[name]!).toString());
        const files = Object.fromEntries(
          Object.entries(archive)
            .filter(([path]) => path.startsWith(`${folder}/`) && !path.endsWith('/') && path !== name)
            .map(([path, bytes]) => [path.slice(folder.length + 1), bytes]),
        );
        // A SavedModel is a folder.
        if (!files[model]) return [];
        return [{ name: `${family}/${folder}`, kind: kindOf({ files, model }, keras), files, model, weights }];
      });
  });
}
