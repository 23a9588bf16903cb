import { type LoadOptions, loadServedModel, type ServedModel } from '../../catalog/served-model.js';
import type { ImageDecoder } from '../../images/decoder.js';
import { type Ask, askOf, type ImageReader } from './ask.js';

/** A model in this process. */
export interface LoadedModel extends ServedModel {
  /** Asks it as `POST /predict` does. */
  ask: Ask;
}

/**
 * Loads a model file and starts its inference processes, which live until `close()`.
 *
 * ```ts
 * const model = await loadModel('pets.keras');
 * console.log(await model.ask(await readFile('dog.jpg'))); // [{ label: 'beagle', probability: 0.99 }, …]
 * await model.close();
 * ```
 *
 * @param path a model file, a folder with one, or the name of a Keras Application
 * @throws as `loadServedModel`
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const model = await loadServedModel(path, options);
  return Object.assign(model, { ask: askOf(model, lazyImages()) });
}

/** Decodes images once there are any: what does so takes a while to load. */
function lazyImages(): ImageReader {
  let decoder: Promise<ImageDecoder> | undefined;
  return {
    async decode(bytes, options, wait) {
      decoder ??= import('../../images/decoder.js').then((module) => new module.ImageDecoder());
      return (await decoder).decode(bytes, options, wait);
    },
  };
}
