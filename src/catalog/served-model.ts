import type { EventEmitter } from 'node:events';
import type { ModelCard } from '../../schemas/card.js';
import type { Anomaly } from '../../schemas/models.js';
import type { CardNote } from '../cards/card-note.js';
import type { Assumption } from '../datapoints/kind.js';
import { pixelTensor } from '../datapoints/kinds/image.js';
import { imagesOf, isImage, labelCounts, type ModelKinds, predictionsOf } from '../datapoints/kinds.js';
import type { Prediction } from '../datapoints/label.js';
import type { ImageOptions, Pixels } from '../images/options.js';
import type { EngineChoice, ModelSource } from '../inference/compile-messages.js';
import { type CompiledModel, compileModelFile } from '../inference/compiled-model.js';
import type { EngineModel, EngineName } from '../inference/engine.js';
import { defaultPoolSize, InferencePool } from '../inference/inference-pool.js';
import type { JobResult } from '../inference/job.js';
import type { ModelRunner, RunnerEvents, RunnerOptions } from '../inference/model-runner.js';
import { ModelFileError } from '../keras/errors.js';
import { Monitor, type MonitorEvents } from '../monitoring/monitor.js';
import { CardError } from '../support/card-error.js';
import { availableCores } from '../support/cores.js';
import type { KnownError } from '../support/errors.js';
import { nameOf, normalName } from '../support/model-name.js';
import type { Signature, TensorInfo, Tensors } from '../support/tensor.js';
import { type FindOptions, type FoundModelFile, findModel } from './find-model.js';
import { warmUpOf } from './warm-up.js';

export type { Prediction } from '../datapoints/label.js';

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
  /** Whether a model of which something is guessed is refused. */
  noGuess?: boolean;
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
  /** As far as there is one. */
  card: ModelCard;
  /** What no card says of its inputs and outputs, and was worked out. */
  assumptions: readonly Assumption[];
  /** What was worked out and why, for the log. */
  notes: readonly CardNote[];
  /** What makes the pixels of an image; undefined when a datapoint isn't an image and nothing else. */
  image: ImageOptions | undefined;
  /** What its inputs and outputs are to people. */
  kinds: ModelKinds;
  /** What runs it. */
  engine: EngineName;
  /** Another one for other contents of its files, the same on every machine. */
  digest: string;
  /** Why it can't run now, where it is another process that has it and there is none; undefined as a rule. */
  readonly absence?: KnownError | undefined;
  /** In the order of Keras's `model.inputs`; the first axis is the batch, null is any size. */
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  /** Whether the answer to a row depends on others: then rows can't be run in several batches. */
  batchDependent?: boolean;
  /** How many classes a classifier tells apart. */
  classes: number;
  /** Whether it can take work now. */
  readonly ready: boolean;
  /** Requests that wait. */
  readonly queued: number;
  /** Who is told of runs. */
  readonly events: EventEmitter<RunnerEvents>;
  /** What has been noticed of what comes in and goes out since it was loaded, and looks like nonsense. */
  readonly anomalies: readonly Anomaly[];
  /** Who is told of that as it is noticed. */
  readonly monitoring: EventEmitter<MonitorEvents>;
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
  predictImages(pixels: Pixels, options?: { signal?: AbortSignal }): Promise<JobResult>;
  /**
   * Runs the model on any number of rows; requests that wait for a process run together.
   * @param inputs a tensor for every input, by name: of the type in `inputs`, row-major, of its shape with a number in the
   *   place of every null. What Keras takes as float16, bfloat16 or float64 is float32 here
   * @param options `raw`: the names of the inputs that are given as pixels, which are prepared first
   * @returns a tensor for every output, by name, with the rows in the same order, and what it cost
   * @throws InferenceError `inputs_invalid` for tensors that the model doesn't take, which says which and why; `queue_full`,
   *   `deadline_exceeded`, `request_aborted`, `server_closing`; `engine_failed`, `inference_process_died`
   */
  predict(inputs: Tensors, options?: { raw?: readonly string[]; signal?: AbortSignal }): Promise<JobResult>;
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
  timings: JobResult['timings'];
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
  kinds: ModelKinds;
  assumptions: Assumption[];
  engineModel: Omit<EngineModel, 'threads' | 'loneThreads'>;
}

async function prepare({ path: file, weights, card: own }: FoundModelFile, options: LoadOptions): Promise<Prepared> {
  const { cacheFolder, inputShape, signature, engine } = options;
  const source = { path: file, weights, inputShape, signature };
  const compiling = compileModelFile(source, cacheFolder, engine);
  compiling.catch(() => undefined);
  // Schemas take a while to load: only now, when the processes are on their way.
  const { readCard } = await import('../cards/card.js');
  const { cardFolder } = options;
  const [{ inferCard, readBeside }, { FileContents }] = await Promise.all([
    import('../cards/inferred-card.js'),
    import('../cards/contents/file-contents.js'),
  ]);
  const given = own ?? (await readCard(file)) ?? (cardFolder === undefined ? undefined : await readCard(cardFolder));
  const sources = { file, folder: cardFolder, given, contents: await FileContents.in(cacheFolder) };
  const beside = readBeside(sources);
  beside.catch(() => undefined);
  const compiled = await compiling;
  try {
    checkSizes(compiled.signature);
    const { card, kinds, assumptions, notes } = await inferCard(compiled, { ...sources, beside });
    if (options.noGuess) refuseGuesses(assumptions);
    const images = imagesOf(kinds);
    return {
      name: options.name ?? (card.name === undefined ? nameOf(file) : normalName(card.name)),
      card,
      notes: [...compiled.notes, ...notes],
      compiled,
      kinds,
      assumptions,
      engineModel: {
        warmUp: warmUpOf(compiled.signature, images),
        path: compiled.path,
        optimized: true,
        strings: compiled.strings,
        batchDependent: compiled.signature.batchDependent,
        engine: compiled.engine,
        prepare: Object.fromEntries(Object.entries(images).map(([name, { preparation }]) => [name, preparation])),
      },
    };
  } catch (error) {
    await compiled.dispose();
    throw error;
  }
}

/** @throws CardError that names what is guessed */
function refuseGuesses(assumptions: readonly Assumption[]): void {
  const guesses = assumptions.filter(({ certainty }) => certainty === 'guess');
  if (guesses.length === 0) return;
  const named = guesses.map(({ key, value, basis }) => `${key} (${JSON.stringify(value)}), for ${basis}`).join('; ');
  throw new CardError(`nothing may be guessed, as --no-guess asks, but this is: ${named}. Say it.`);
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

function served(
  { name, card, notes, compiled, kinds, assumptions }: Prepared,
  runner: ModelRunner,
  pool: InferencePool,
  closePool: () => Promise<void>,
): ServedModel {
  const { inputs, outputs } = compiled.signature;
  const image = isImage(kinds) ? imagesOf(kinds)[inputs[0]!.name] : undefined;
  const [classes = outputs[0]?.shape.at(-1) ?? 1] = labelCounts(kinds);
  const monitor = new Monitor(compiled.signature, kinds, compiled.hints);
  const predict: ServedModel['predict'] = async (tensors, { raw = [], signal } = {}) => {
    const result = await runner.predict(tensors, { raw, signal });
    monitor.observe(tensors, result.outputs, raw);
    return result;
  };
  return {
    name,
    card,
    notes: runner.signature.notice ? [...notes, { level: 'info', ...runner.signature.notice }] : notes,
    assumptions,
    image: image?.options,
    kinds,
    engine: compiled.engine,
    digest: compiled.digest,
    pool,
    inputs,
    outputs,
    batchDependent: runner.signature.batchDependent,
    classes,
    events: runner.events,
    anomalies: monitor.anomalies,
    monitoring: monitor.events,
    get ready() {
      return runner.ready;
    },
    get queued() {
      return runner.queued;
    },
    async classify(pixels, { topK, signal }) {
      const { outputs: scores, timings } = await this.predictImages(pixels, { signal });
      const [{ name }] = outputs as [TensorInfo];
      return { predictions: predictionsOf(scores[name]!, kinds.outputs[name]!, topK), timings };
    },
    predictImages(pixels, { signal } = {}) {
      const [input] = inputs as [TensorInfo];
      const { name } = input;
      const { tensor, raw } = pixelTensor(pixels, imagesOf(kinds)[name]!, input);
      return predict({ [name]: tensor }, { raw: raw ? [name] : [], signal });
    },
    predict,
    enter: () => runner.enter(),
    async close() {
      await runner.close();
      await closePool();
      await compiled.dispose();
    },
  };
}
