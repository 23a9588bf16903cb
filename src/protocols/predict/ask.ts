import { Catalog } from '../../catalog/catalog.js';
import type { ServedModel } from '../../catalog/served-model.js';
import type { Cell } from '../../datapoints/kind.js';
import { type Datapoints, readDatapoints } from '../../datapoints/read-datapoints.js';
import type { ImageOptions, ImageTensor } from '../../images/options.js';
import { MemoryBudget } from '../../serving/memory-budget.js';
import type { ModelInput } from '../../serving/model-input.js';
import { rowsOf, Serving } from '../../serving/serving.js';
import { csvRows, readCsv } from './csv.js';
import { csvCells } from './csv-reply.js';
import { topKOf } from './query.js';
import { type PredictionsToWrite, writePredictions } from './reply.js';

/** What a model answers, as it stands in JSON. */
export type Answer = null | boolean | number | string | Answer[] | { [key: string]: Answer };

/** How a model is asked. */
export interface AskOptions {
  /** How many labels the answer has, where it has labels. */
  topK?: number;
  signal?: AbortSignal;
}

/**
 * Asks a model about a datapoint, or a list of them, as `POST /predict` does: the values that its JSON may hold, a text, and the bytes
 * of an image file for an image.
 * @returns what stands in `predictions`: a value, or a list of them
 * @throws InstancesError, ImageError, ServingError, InferenceError
 */
export type Ask = (datapoint: unknown, options?: AskOptions) => Promise<Answer>;

/** What decodes images within bounds. */
export interface ImageReader {
  decode(bytes: Uint8Array, options: ImageOptions, wait?: { signal: AbortSignal }): Promise<ImageTensor>;
}

/** What a model answered about some datapoints. */
export interface Answers {
  /** How many datapoints there were. */
  rows: number;
  /** As it stands in JSON: a value, or a list of them. */
  values(): Answer;
  /** As rows of CSV, of a model whose outputs have columns there. */
  cells(): Iterable<readonly Cell[]>;
}

/** Asks a model about much at once. */
export interface Asker {
  /** As `Ask`. */
  ask(datapoint: unknown, options?: AskOptions): Promise<Answers>;
  /**
   * Asks about the rows of CSV, which are read and checked whole: answers about some after the other.
   * @throws ProtocolRequestError, InstancesError that name the line
   */
  askRows(csv: Uint8Array, options?: AskOptions): { rows: number; answers: AsyncIterable<Answers> };
}

/** Rows of CSV that are run at once: few enough that a slow model soon has some. */
const rowsAtOnce = 512;

/**
 * Asks a model in this process, without a server.
 * @param warn tells the model's owner something
 */
export function askerOf(
  model: ServedModel,
  images: ImageReader,
  warn: (message: string) => void = (message) => process.emitWarning(message),
): Asker {
  const { inputs, outputs: infos, kinds } = model;
  const parts = {
    catalog: Catalog.of(model),
    preprocess: images.decode.bind(images),
    warn: (_model: string, message: string) => warn(message),
  };
  const serving = new Serving(parts, {
    maxRows: Number.POSITIVE_INFINITY,
    maxReplySize: Number.POSITIVE_INFINITY,
  });
  const budget = new MemoryBudget(Number.POSITIVE_INFINITY);
  const never = new AbortController().signal;
  const answer = async (columns: ModelInput, single: boolean, { topK, signal = never }: AskOptions) => {
    const labels = topKOf(topK, model);
    const lease = serving.lease();
    const memory = budget.reservation();
    try {
      const outputs = await serving.run(lease, columns, [], { signal, timings: {}, memory });
      return answersOf(rowsOf(model, columns), {
        outputs,
        infos,
        kinds: kinds.outputs,
        topK: labels,
        single,
        maxSize: Number.POSITIVE_INFINITY,
      });
    } finally {
      memory.release();
      lease.release();
    }
  };
  const asked = { signature: { inputs, outputs: infos }, kinds: kinds.inputs };
  const { batchRows, maxRows } = csvRows(model, Number.POSITIVE_INFINITY);
  const limits = { batchRows: Number.isFinite(batchRows) ? rowsAtOnce : batchRows, maxRows };
  const read = (csv: Uint8Array) => readCsv({ ...asked, body: [csv], ...limits });
  return {
    async ask(datapoint, options = {}) {
      const { columns, single } = datapointsOf(datapoint, model);
      return answer(columns, single, options);
    },
    askRows(csv, options = {}) {
      const { batches, rows } = read(csv);
      async function* answers() {
        for (const batch of batches)
          yield await answer(
            batch instanceof Uint8Array ? (read(batch).batches[0] as ModelInput) : batch,
            false,
            options,
          );
      }
      return { rows, answers: answers() };
    },
  };
}

/** Asks a model in this process about one thing after the other, as `askerOf`. */
export function askOf(...given: Parameters<typeof askerOf>): Ask {
  const asker = askerOf(...given);
  return async (datapoint, options) => (await asker.ask(datapoint, options)).values();
}

const answersOf = (rows: number, predictions: PredictionsToWrite): Answers => ({
  rows,
  values: () => JSON.parse(Buffer.concat(writePredictions(predictions)).toString()).predictions,
  cells: () => csvCells(predictions.outputs, predictions.infos, predictions.kinds),
});

/** A file or a text alone is one datapoint. @throws InstancesError, Base64Error */
function datapointsOf(datapoint: unknown, { inputs, outputs, kinds }: ServedModel): Datapoints {
  const isSingle = datapoint instanceof Uint8Array || typeof datapoint === 'string';
  const read = readDatapoints(isSingle ? [datapoint] : datapoint, { inputs, outputs }, kinds.inputs);
  return isSingle ? { ...read, single: true } : read;
}
