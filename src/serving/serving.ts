import type { Catalog, ModelLease } from '../catalog/catalog.js';
import { greyDepthNotice } from '../catalog/grey-depth.js';
import type { ServedModel } from '../catalog/served-model.js';
import { type ImageSpec, pixelCount, pixelTensor } from '../datapoints/kinds/image.js';
import { imagesOf } from '../datapoints/kinds.js';
import { ReplySizeError } from '../datapoints/tensor-text.js';
import { errorAt, ImageError } from '../images/errors.js';
import type { Size } from '../images/framing.js';
import type { ImageOptions, ImageTensor, Pixels } from '../images/options.js';
import { sharesBatch } from '../inference/batch.js';
import { InferenceError } from '../inference/errors.js';
import type { RaggedTensor, RaggedTensors, TensorInfo, Tensors } from '../support/tensor.js';
import { ServingError } from './errors.js';
import { type ModelInput, rowsIn, type WholeInput } from './model-input.js';
import { checkRagged, groupsOf, type RowGroup, rowsInOrder } from './ragged.js';
import type { RequestContext } from './request-context.js';

/** What one request may ask for. */
export interface ServingLimits {
  /** Rows of tensors, or images. */
  maxRows: number;
  /** Bytes of a reply. */
  maxReplySize: number;
}

/** What requests are served with. */
export interface ServingParts {
  readonly catalog: Catalog;
  /** Makes the pixels of an image file. @throws ImageError, DecodingError */
  preprocess(bytes: Uint8Array, options: ImageOptions, wait: { signal: AbortSignal }): Promise<ImageTensor>;
  /** Tells the operator something about a model. */
  warn(model: string, message: string): void;
}

/** The bytes that the pixels of one request may have when they are decoded. */
const maxPixelBytes = 64 * 2 ** 20;

/** The way of a request to a model and back, the same for every protocol. */
export class Serving {
  /** Models of whose scaling the operator has been told. */
  private readonly warned = new WeakSet<ServedModel>();

  constructor(
    private readonly parts: ServingParts,
    readonly limits: ServingLimits,
  ) {}

  /**
   * A model, which stays loaded until the lease is released.
   * @param name the default model's where it is left out
   * @param version the newest that is available where it is left out
   * @throws CatalogError
   */
  lease(name?: string, version?: number): ModelLease {
    return this.parts.catalog.lease(name, version);
  }

  /**
   * Runs a model on what a request holds.
   * @param written the outputs whose elements the reply will have
   * @param onSources is told, before the model is run, how large the pictures of the first image were, upright; undefined where
   *   there are none. What it throws ends the request
   * @returns a tensor for every output, by name; ragged ones where rows have several shapes, for which some input has to be ragged
   * @throws ServingError, ImageError, DecodingError, InferenceError
   */
  async run(
    lease: ModelLease,
    input: WholeInput,
    written: readonly TensorInfo[],
    context: RequestContext,
    onSources?: (sources: readonly Size[] | undefined) => void,
  ): Promise<Tensors>;
  async run(
    lease: ModelLease,
    input: ModelInput,
    written: readonly TensorInfo[],
    context: RequestContext,
    onSources?: (sources: readonly Size[] | undefined) => void,
  ): Promise<RaggedTensors>;
  async run(
    { model }: ModelLease,
    input: ModelInput,
    written: readonly TensorInfo[],
    context: RequestContext,
    onSources?: (sources: readonly Size[] | undefined) => void,
  ): Promise<RaggedTensors> {
    const { timings } = context;
    this.check(model, input, written, context);
    const leave = model.enter();
    try {
      const { tensors, ragged, raw, sources } = await this.tensorsOf(model, input, context);
      onSources?.(sources);
      const run = async (group: Tensors): Promise<Tensors> => {
        const running = model.predict(group, { raw, signal: context.signal });
        // What an image has become is never what a model has something against.
        const isDecoded = Object.values(input).every((column) => 'files' in column);
        const given = await (isDecoded ? running : running.catch(refuse));
        timings.queue = (timings.queue ?? 0) + given.timings.queue;
        timings.inference = (timings.inference ?? 0) + given.timings.inference;
        return given.outputs;
      };
      if (Object.keys(ragged).length === 0) return await run(tensors);
      checkRagged(model, input);
      const groups: RowGroup[] = [];
      // One after the other: a request of many lengths holds up others no longer than they do each other.
      for (const group of groupsOf(tensors, ragged))
        groups.push({ rows: group.rows, tensors: await run(group.tensors) });
      return rowsInOrder(groups);
    } finally {
      leave();
    }
  }

  /**
   * Refuses what asks for too much, before anything is run for it: rows, and a reply as far as shapes tell. Takes the memory that
   * a large one needs.
   * @param outputs whose elements the reply will have
   * @throws ServingError, ReplySizeError
   */
  private check(
    model: ServedModel,
    input: ModelInput,
    outputs: readonly TensorInfo[],
    { memory }: RequestContext,
  ): void {
    const { maxRows, maxReplySize } = this.limits;
    const rows = rowsOf(model, input);
    if (rows > maxRows)
      throw new ServingError(
        'content_too_large',
        `There are ${rows} rows. The most that one request can have is ${maxRows}.`,
      );
    const elements = outputs.reduce((sum, { shape }) => sum + rows * countOf(shape.slice(1)), 0);
    if (elements * leastElementSize > maxReplySize) throw new ReplySizeError(maxReplySize);
    if (elements > smallReply) memory.grow(elements * elementCost);
  }

  /** What was read of a request as tensors, with the names of those that are pixels, and the sizes of the first one's pictures. */
  private async tensorsOf(
    model: ServedModel,
    input: ModelInput,
    context: RequestContext,
  ): Promise<{
    tensors: Tensors;
    ragged: Record<string, RaggedTensor>;
    raw: string[];
    sources?: readonly Size[];
  }> {
    const tensors: Tensors = {};
    const ragged: Record<string, RaggedTensor> = {};
    const raw: string[] = [];
    const first = firstImage(model);
    let sources: readonly Size[] | undefined;
    for (const info of model.inputs) {
      const { name } = info;
      const column = input[name]!;
      if ('tensor' in column) tensors[name] = column.tensor;
      else if ('ragged' in column) ragged[name] = column.ragged;
      else {
        const spec = model.kinds.inputs[name]!.spec as ImageSpec;
        const decoded = await this.pixelsOf(model, name, spec, column.files, context);
        const pixels = pixelTensor(decoded.pixels, spec, info);
        tensors[name] = pixels.tensor;
        if (info === first) sources = decoded.sources;
        if (pixels.raw) raw.push(name);
      }
    }
    return { tensors, ragged, raw, sources };
  }

  /**
   * The pixels of an input's image files, one image after the other, and how large they were.
   * @throws ImageError that names the image where there are several
   */
  private async pixelsOf(
    model: ServedModel,
    input: string,
    image: ImageSpec,
    files: readonly Uint8Array[],
    context: RequestContext,
  ): Promise<{ pixels: Pixels; sources: readonly Size[] }> {
    const each = pixelCount(image);
    checkCount(files.length, each);
    const started = performance.now();
    const sources: Size[] = [];
    const decode = async (file: Uint8Array, index: number) => {
      const { data, source } = await this.parts
        .preprocess(file, image.options, { signal: context.signal })
        .catch((error) => {
          const inputs = Object.keys(imagesOf(model.kinds));
          const places = [
            inputs.length > 1 ? input : '',
            files.length > 1 ? `image ${index + 1} of ${files.length}` : '',
          ].filter(Boolean);
          throw error instanceof ImageError && places.length > 0 ? errorAt(places.join(', '), error) : error;
        });
      sources.push(source);
      return data;
    };
    let pixels: Pixels;
    if (files.length === 1) pixels = await decode(files[0]!, 0);
    else {
      context.memory.grow(each * files.length);
      pixels = new Uint8Array(each * files.length);
      // One after the other: a request with many images holds up those with one no longer than they do each other.
      for (const [index, file] of files.entries()) {
        const decoded = await decode(file, index);
        if (decoded instanceof Float32Array && pixels instanceof Uint8Array) {
          checkCount(files.length, each * decoded.BYTES_PER_ELEMENT);
          pixels = Float32Array.from(pixels);
        }
        pixels.set(decoded, index * each);
      }
    }
    if (pixels instanceof Float32Array) this.warnOfDepth(model, image);
    context.timings.decode = (context.timings.decode ?? 0) + performance.now() - started;
    return { pixels, sources };
  }

  private warnOfDepth(model: ServedModel, image: ImageSpec): void {
    const notice = this.warned.has(model) ? undefined : greyDepthNotice(image.settings);
    this.warned.add(model);
    if (notice) this.parts.warn(model.name, notice);
  }
}

/** The first input that is an image. */
export const firstImage = ({ inputs, kinds }: Pick<ServedModel, 'inputs' | 'kinds'>): TensorInfo | undefined =>
  inputs.find(({ name }) => Object.hasOwn(imagesOf(kinds), name));

/** The most rows that any input has: a first axis of one size is none of rows, where inputs and outputs have none in common. */
export function rowsOf(model: ServedModel, input: ModelInput): number {
  const shared = sharesBatch(model);
  const counts = model.inputs.map(({ name, shape }) => (shared || shape[0] === null ? rowsIn(input[name]!) : 1));
  return Math.max(1, ...counts);
}

/** Bytes of an element in a reply, at least: a digit and a comma, or two bytes. */
const leastElementSize = 2;

/** Elements of a reply that isn't worth counting. */
const smallReply = 2 ** 15;

/** What an element of a reply takes of memory: in two tensors, and some twenty characters of JSON. */
const elementCost = 28;

/** Elements of a shape, where an axis of any size has one. */
const countOf = (shape: readonly (number | null)[]): number =>
  shape.reduce<number>((product, size) => product * (size ?? 1), 1);

/** Refuses images that would take too much memory once they are decoded, each so many bytes. */
function checkCount(images: number, each: number): void {
  if (each * images <= maxPixelBytes) return;
  const most = Math.floor(maxPixelBytes / each);
  throw new ServingError(
    'content_too_large',
    `There are ${images} images. The most that one request can have is ${most}.`,
  );
}

/** What a model or its engine has against tensors that a request could be read as, such as an index that is out of bounds. */
function refuse(error: unknown): never {
  if (!(error instanceof InferenceError)) throw error;
  if (error.code === 'inputs_invalid') throw new ServingError('instances_invalid', error.message);
  if (error.code !== 'engine_failed') throw error;
  const [, reason] = /Status Message: (.{1,300})/s.exec(error.message) ?? [];
  const refused = 'The model can’t be run on these instances';
  throw new ServingError('instances_refused', reason ? `${refused}: ${reason}` : `${refused}.`);
}
