import type { ModelCard } from '../../schemas/card.js';
import type { ImageOptions, Pixels } from '../images/options.js';
import type { EngineChoice, ModelSource } from '../inference/compile-messages.js';
import { type CompiledModel, compileModelFile } from '../inference/compiled-model.js';
import type { EngineModel, EngineName, PixelScaling } from '../inference/engine.js';
import { defaultPoolSize, InferencePool } from '../inference/inference-pool.js';
import type { Prediction as Run } from '../inference/job.js';
import type { ModelRunner, RunnerEvents, RunnerOptions } from '../inference/model-runner.js';
import { scalePixels } from '../inference/scale-pixels.js';
import { ModelFileError } from '../keras/errors.js';
import { imageScalingModel } from '../onnx/image-scaling.js';
import { availableCores } from '../support/cores.js';
import {
  type Signature,
  type Tensor,
  type TensorInfo,
  type Tensors,
  type TensorType,
  tensorArrays,
} from '../tensor.js';
import { type FindOptions, type FoundModelFile, findModel } from './find-model.js';
import { type ImageInput, imageInputOf } from './image-input.js';
import { bothClasses, type Prediction, topPredictions } from './labels.js';
import { normalName } from './model-name.js';
import { nameOf } from './model-path.js';
import type { CardNote } from './worked-out-card.js';

export type { Prediction } from './labels.js';

/** How a model is loaded and run. */
export interface LoadOptions extends Omit<ModelSource, 'path'>, FindOptions, Partial<RunnerOptions> {
  /** What it is called: what its card says, else as its file or folder, by default. */
  name?: string;
  /** A folder whose card counts where there is none beside the model. */
  cardFolder?: string;
  /** Where compiled models are kept: the user's cache folder by default; null keeps nothing. */
  cacheFolder?: string | null;
  /** The processes that it runs in, with the other models of the pool; by default it has a pool of its own. */
  pool?: InferencePool;
  /** What runs it: ONNX Runtime where that can, by default. */
  engine?: EngineChoice;
  /** Inference processes of its own pool. */
  processes?: number;
  /**
   * Processor threads that one run may use; by default all that the machine has, shared among the processes, and all of them for
   * a lone request.
   */
  threads?: number;
}

/** A loaded model with its card, ready to predict. */
export interface ServedModel {
  name: string;
  /** With what was worked out where it leaves something out. */
  card: ModelCard;
  /** What was worked out and why, for the log. */
  notes: readonly CardNote[];
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
  /** Who is told of runs. */
  events: RunnerEvents;
  /** The inference processes that it runs in. */
  readonly pool: InferencePool;
  /**
   * Labels of one image.
   * @param pixels height × width × channels of `image`
   * @throws InferenceError
   */
  classify(pixels: Pixels, options: { topK: number; signal?: AbortSignal }): Promise<Classification>;
  /**
   * Runs the model on images.
   * @param pixels images × height × width × channels of `image`: from 0 to 255, or the values of grey that has kept its depth
   * @returns as `predict`, with a row for each image
   * @throws InferenceError
   */
  predictImages(pixels: Pixels, options?: { signal?: AbortSignal }): Promise<Run>;
  /**
   * Runs the model on any number of rows; requests that wait for a process run together.
   * @param inputs a tensor for every input, by name: of the type in `inputs`, row-major, of its shape with a number in the
   *   place of every null. What Keras takes as float16, bfloat16 or float64 is float32 here
   * @returns a tensor for every output, by name, with the rows in the same order, and what it cost
   * @throws InferenceError `inputs_invalid` for tensors that the model doesn't take, which says which and why; `queue_full`,
   *   `deadline_exceeded`, `request_aborted`, `server_closing`; `engine_failed`, `inference_process_died`
   */
  predict(inputs: Tensors, options?: { signal?: AbortSignal }): Promise<Run>;
  /**
   * Takes a place among the requests that wait, before a request is got ready.
   * @returns gives it back, once the request is answered
   * @throws InferenceError `queue_full`
   */
  enter(): () => void;
  /** Answers what has been accepted, then ends the inference processes. */
  close(): Promise<void>;
}

/** Labels, likeliest first, and what they cost. */
export interface Classification {
  predictions: Prediction[];
  timings: Run['timings'];
}

/**
 * Loads a model file and starts its inference processes, which live until `close()`.
 *
 * ```ts
 * const model = await loadModel('model.keras');
 * const x = { type: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const;
 * const { outputs } = await model.predict({ [model.inputs[0].name]: x });
 * await model.close();
 * ```
 *
 * @param path a model file, a folder with one, or the name of a Keras Application
 * @throws ModelFileError when there is no such file, or it can't be read or served: `code` says of what kind the reason is,
 *   the message what it is and what to do
 * @throws CardError when the card beside it is wrong
 * @throws WeightsError when an application's weights are not there and can't be downloaded
 * @throws InferenceError `model_load_failed`
 */
export async function loadServedModel(path: string, options: LoadOptions = {}): Promise<ServedModel> {
  const { maxBatch, maxQueue = 128, deadline = 30_000 } = options;
  const pool = options.pool ?? new InferencePool(options.processes ?? defaultPoolSize());
  const cores = availableCores();
  const { threads = Math.max(1, Math.floor(cores / pool.size)) } = options;
  const loneThreads = options.threads ?? cores;
  const closePool = async () => (options.pool ? undefined : pool.close());
  let prepared: Prepared | undefined;
  try {
    // The processes of a new pool start while the model is being looked up or compiled.
    prepared = await prepare(await findModel(path, options), options);
    const runner = await pool.load({ ...prepared.engineModel, threads, loneThreads }, { maxBatch, maxQueue, deadline });
    return served(prepared, runner, pool, closePool);
  } catch (error) {
    await prepared?.compiled.dispose();
    await closePool();
    throw error;
  }
}

/** What there is of a model before it runs. */
interface Prepared {
  name: string;
  card: ModelCard;
  notes: CardNote[];
  compiled: CompiledModel;
  image: (ImageInput & { options: ImageOptions; scaling: PixelScaling }) | undefined;
  engineModel: Omit<EngineModel, 'threads' | 'loneThreads'>;
}

async function prepare({ path: file, weights, card: own }: FoundModelFile, options: LoadOptions): Promise<Prepared> {
  const { cacheFolder, inputShape, signature, engine } = options;
  const source = { path: file, weights, inputShape, signature };
  const compiling = compileModelFile(source, cacheFolder, engine);
  compiling.catch(() => undefined);
  // Schemas take a while to load: only now, when the processes are on their way.
  const { imageOptions, readCard, resolveScaling } = await import('./card.js');
  const { cardFolder } = options;
  const { workOutCard } = await import('./worked-out-card.js');
  const given = own ?? (await readCard(file)) ?? (cardFolder === undefined ? undefined : await readCard(cardFolder));
  const compiled = await compiling;
  try {
    checkSizes(compiled.signature);
    const { card, notes } = await workOutCard(compiled, { file, folder: cardFolder, given });
    const input = imageInputOf(compiled.signature);
    const type = compiled.signature.inputs[0]?.type ?? 'float32';
    const image = input && {
      ...input,
      options: { ...imageOptions(card.image, input), keepDepth: !narrow.has(type) },
      scaling: { ...resolveScaling(card.image?.scaling, input.channels), channelsFirst: input.channelsFirst },
    };
    return {
      name: options.name ?? (card.name === undefined ? nameOf(file) : normalName(card.name)),
      card,
      notes: [...compiled.notes, ...notes],
      compiled,
      image,
      engineModel: {
        warmUp: warmUpOf(compiled.signature, image),
        path: compiled.path,
        optimized: true,
        mixesRows: compiled.signature.mixesRows,
        engine: compiled.engine,
        ...(image && scalingFor(compiled.engine, image.scaling, type)),
      },
    };
  } catch (error) {
    await compiled.dispose();
    throw error;
  }
}

/** Refuses a model that takes tensors without elements: engines end, or answer anything, where an axis is empty. */
function checkSizes({ inputs }: Signature): void {
  const empty = inputs.find(({ shape }) => shape.includes(0));
  if (!empty) return;
  const shape = empty.shape.map((size) => size ?? 'None').join(', ');
  throw new ModelFileError(
    'model_format_unsupported',
    `The model's input "${empty.name}" has the shape (${shape}): it takes no numbers, so there is nothing to predict.`,
  );
}

/** How the engine is to scale pixels. */
const scalingFor = (
  engine: EngineName,
  scaling: PixelScaling,
  type: TensorType,
): Pick<EngineModel, 'imageScaling' | 'pixelScaling'> =>
  engine === 'onnx'
    ? { imageScaling: imageScalingModel(scaling, scaling.channelsFirst, type) }
    : { pixelScaling: scaling };

/** Types that don't hold 16-bit pixels. */
const narrow: ReadonlySet<TensorType> = new Set(['uint8', 'int8', 'int16']);

/** Zeros for every input: pixels, for a model that takes images. */
function warmUpOf({ inputs }: Signature, image: Prepared['image']): EngineModel['warmUp'] {
  const zeros = inputs.flatMap(({ name, type, shape }): [string, Tensor][] => {
    // An ONNX model may take what tensors here can't be.
    if (!Object.hasOwn(tensorArrays, type)) return [];
    const sizes = image ? [1, ...image.options.size, image.channels] : shape.map((size) => size ?? 1);
    const length = sizes.reduce((product, size) => product * size, 1);
    const [kind, data] = image
      ? (['uint8', new Uint8Array(length)] as const)
      : ([type, new tensorArrays[type](length)] as const);
    return [[name, { type: kind, shape: sizes, data }]];
  });
  return { inputs: Object.fromEntries(zeros), image: image !== undefined };
}

function served(
  { name, card, notes, compiled, image }: Prepared,
  runner: ModelRunner,
  pool: InferencePool,
  closePool: () => Promise<void>,
): ServedModel {
  const { inputs, outputs } = compiled.signature;
  const classes = outputs[0]?.shape.at(-1) ?? 1;
  const labels = card.labels ?? [];
  return {
    name,
    card,
    notes: runner.signature.notice ? [...notes, { level: 'info', ...runner.signature.notice }] : notes,
    image: image?.options,
    pool,
    inputs,
    outputs,
    classes: classes === 1 && labels.length === 2 ? 2 : classes,
    get events() {
      return runner.events;
    },
    set events(events) {
      runner.events = events;
    },
    get ready() {
      return runner.ready;
    },
    get queued() {
      return runner.queued;
    },
    async classify(pixels, { topK, signal }) {
      const { outputs: scores, timings } = await this.predictImages(pixels, { signal });
      const row = scores[outputs[0]!.name]!.data as ArrayLike<number>;
      return { predictions: topPredictions(bothClasses(row, labels), labels, topK), timings };
    },
    predictImages(pixels, { signal } = {}) {
      const one = [...image!.options.size, image!.channels];
      const shape = [pixels.length / one.reduce((a, b) => a * b, 1), ...one];
      const [{ name, type }] = inputs as [TensorInfo];
      if (pixels instanceof Uint8Array)
        return runner.predict({ [name]: { type: 'uint8', shape, data: pixels } }, { image: true, signal });
      const scaled = scalePixels({ type: 'float32', shape, data: pixels }, image!.scaling, type);
      return runner.predict({ [name]: scaled }, { signal });
    },
    predict: (tensors, { signal } = {}) => runner.predict(tensors, { signal }),
    enter: () => runner.enter(),
    async close() {
      await runner.close();
      await closePool();
      await compiled.dispose();
    },
  };
}
