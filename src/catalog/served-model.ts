import { availableParallelism } from 'node:os';
import type { ModelCard } from '../../schemas/card.js';
import type { ImageOptions } from '../images/options.js';
import type { ModelSource } from '../inference/compile-messages.js';
import { compileModelFile, defaultCacheFolder } from '../inference/compiled-model.js';
import type { Prediction as Run } from '../inference/job.js';
import { ModelRunner, type RunnerEvents, type RunnerOptions } from '../inference/model-runner.js';
import { imageScalingModel } from '../onnx/image-scaling.js';
import type { TensorInfo, Tensors } from '../tensor.js';
import { imageOptions, readCard, resolveScaling } from './card.js';
import { imageInputOf } from './image-input.js';
import { bothClasses, type Prediction, topPredictions } from './labels.js';
import { findModelFile, nameOf } from './model-path.js';

export type { Prediction } from './labels.js';

/** How a model is loaded and run. */
export interface LoadOptions extends Omit<ModelSource, 'path'>, Partial<RunnerOptions> {
  /** Where compiled models are kept: the user's cache folder by default; null keeps nothing. */
  cacheFolder?: string | null;
  /** Processor threads that one run may use; by default all that the machine has, shared among the processes. */
  threads?: number;
  events?: RunnerEvents;
}

/** A loaded model with its card, ready to predict. */
export interface ServedModel {
  name: string;
  card: ModelCard;
  /** What makes this model's tensor of an image; undefined when the model doesn't take images. */
  image: ImageOptions | undefined;
  /** In the order of Keras's `model.inputs`; the first axis is the batch, null is any size. */
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  /** How many classes a classifier tells apart. */
  classes: number;
  /** Whether it can take work now. */
  readonly ready: boolean;
  /** Requests that wait. */
  readonly queued: number;
  /** The inference processes, with their resident bytes. */
  readonly processes: { pid: number | undefined; memory: number }[];
  /**
   * Labels of one image.
   * @param pixels height × width × channels of `image`, uint8
   * @throws InferenceError
   */
  classify(pixels: Uint8Array, options: { topK: number; signal?: AbortSignal }): Promise<Classification>;
  /**
   * Runs the model.
   * @param inputs a tensor for every input, by name
   * @throws InferenceError
   */
  predict(inputs: Tensors, options?: { signal?: AbortSignal }): Promise<Run>;
  /** Answers what has been accepted, then ends the inference processes. */
  close(): Promise<void>;
}

/** Labels, likeliest first, and what they cost. */
export interface Classification {
  predictions: Prediction[];
  timings: Run['timings'];
}

/**
 * A process for each core, up to four: several sessions of one thread get more done than one of several threads, and a lone
 * request keeps at least a quarter of the machine.
 */
const defaultProcesses = (): number => Math.min(4, availableParallelism());

/**
 * Loads a model file and starts its inference processes.
 * @param path a model file, or a folder with one
 * @throws ModelFileError, CardError, InferenceError `model_load_failed`
 */
export async function loadServedModel(path: string, options: LoadOptions = {}): Promise<ServedModel> {
  const file = await findModelFile(path);
  const card = (await readCard(file)) ?? {};
  const { cacheFolder = defaultCacheFolder(), weights, inputShape, events } = options;
  const { processes = defaultProcesses(), maxBatch = 8, maxQueue = 128, deadline = 30_000 } = options;
  const { threads = Math.max(1, Math.floor(availableParallelism() / processes)) } = options;
  const compiled = await compileModelFile({ path: file, weights, inputShape }, cacheFolder ?? undefined);
  try {
    const { inputs, outputs } = compiled.signature;
    const input = imageInputOf(compiled.signature);
    const scaling = input && resolveScaling(card.image?.scaling, input.channels);
    const runner = await ModelRunner.start(
      {
        path: compiled.path,
        threads,
        optimized: true,
        imageScaling: scaling && imageScalingModel(scaling, input.channelsFirst, inputs[0]!.type),
      },
      { processes, maxBatch, maxQueue, deadline },
      events,
    );
    const image = input && imageOptions(card.image, input);
    const classes = outputs[0]?.shape.at(-1) ?? 1;
    const labels = card.labels ?? [];
    return {
      name: card.name ?? nameOf(file),
      card,
      image,
      inputs,
      outputs,
      classes: classes === 1 && labels.length === 2 ? 2 : classes,
      get ready() {
        return runner.ready;
      },
      get queued() {
        return runner.queued;
      },
      get processes() {
        return runner.processes;
      },
      async classify(pixels, { topK, signal }) {
        const shape = [1, ...image!.size, input!.channels];
        const tensor = { type: 'uint8', shape, data: pixels } as const;
        const { outputs: scores, timings } = await runner.predict(
          { [inputs[0]!.name]: tensor },
          { image: true, signal },
        );
        const row = scores[outputs[0]!.name]!.data as ArrayLike<number>;
        return { predictions: topPredictions(bothClasses(row, labels), labels, topK), timings };
      },
      predict: (tensors, { signal } = {}) => runner.predict(tensors, { signal }),
      async close() {
        await runner.close();
        await compiled.dispose();
      },
    };
  } catch (error) {
    await compiled.dispose();
    throw error;
  }
}
