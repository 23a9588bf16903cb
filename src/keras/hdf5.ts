import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { isBuilt, modulePath } from '../support/package.js';
import { ModelFileError, type ModelFileErrorCode } from './errors.js';
import type { Weight } from './model.js';
import { Stall } from './stall.js';

/** Where an HDF5 file lies: a whole file, or part of one (an entry of a zip). */
export interface Hdf5Source {
  path: string;
  /** Of its first byte in the file. */
  offset: number;
  /** Bytes in the file. */
  length: number;
  /** For a deflated entry of a zip: the bytes that it unpacks to, and their CRC-32. */
  inflated?: { length: number; checksum: number };
}

/** The value of an attribute; those of other types are left out. */
export type Hdf5Attribute = string | string[] | number | number[];

/** A group of an HDF5 file, read whole. */
export interface Hdf5Group {
  attributes: Record<string, Hdf5Attribute>;
  groups: Map<string, Hdf5Group>;
  /** Datasets of numbers; those of strings and of other types are left out. */
  datasets: Map<string, Weight>;
}

/** What the worker answers. */
export type Hdf5Reply = { group: Hdf5Group } | { error: { code: ModelFileErrorCode; message: string } };

/** How long an idle worker is kept for the next file; it holds some 70 MB. */
const IDLE_MILLISECONDS = 1000;

/** How often it is looked whether a worker gets on. */
const WATCH_MILLISECONDS = 250;

/** Names at the top of a file that hold no weights of the model. */
export const ignoredGroups = [
  'optimizer',
  'optimizer_weights',
  'metrics',
  '_metrics',
  'loss_tracker',
  'compiled_metrics',
];

/** The attribute that says what a model was compiled with. A model is served all the same where it can't be read. */
export const trainingAttribute = 'training_config';

/**
 * Reads an HDF5 file: every group, its attributes of text and numbers, and every dataset of numbers.
 *
 * HDF5's C library runs as WebAssembly in a worker thread: it sees no file but this one, and a file that makes it crash or
 * spin costs that worker alone.
 *
 * @throws ModelFileError `model_damaged`, `model_too_large`, `model_format_unsupported`
 */
export function readHdf5(source: Hdf5Source): Promise<Hdf5Group> {
  const reading = queue.then(() => readInWorker(source));
  // What was read is not kept for the sake of the order.
  queue = reading.then(ignore, ignore);
  return reading;
}

const ignore = () => undefined;
let queue: Promise<void> = Promise.resolve();
let idle: { reader: Reader; timer: NodeJS.Timeout } | undefined;

async function readInWorker(source: Hdf5Source): Promise<Hdf5Group> {
  const reader = takeReader();
  const reply = await reader.read(source);
  if ('error' in reply) {
    reader.stop();
    throw new ModelFileError(reply.error.code, reply.error.message);
  }
  keepReader(reader);
  return reply.group;
}

function takeReader(): Reader {
  if (!idle) return new Reader();
  const { reader, timer } = idle;
  clearTimeout(timer);
  idle = undefined;
  return reader;
}

function keepReader(reader: Reader): void {
  const timer = setTimeout(() => {
    idle = undefined;
    reader.stop();
  }, IDLE_MILLISECONDS);
  idle = { reader, timer: timer.unref() };
}

/** A worker thread that reads one file at a time. One that failed is stopped, never used again. */
class Reader {
  readonly #progress = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker = startWorker({ workerData: this.#progress, stdout: true, stderr: true });
  #settle: (reply: Hdf5Reply) => void = ignore;

  constructor() {
    this.#worker.on('message', (reply: Hdf5Reply) => this.#settle(reply));
    this.#worker.on('error', () => this.#settle(failure('HDF5 gave up on it')));
    this.#worker.on('exit', () => {
      if (idle?.reader === this) idle = undefined;
      this.#settle(failure('HDF5 gave up on it'));
    });
  }

  async read(source: Hdf5Source): Promise<Hdf5Reply> {
    this.#worker.ref();
    const before = Atomics.load(this.#progress, 0);
    const stall = new Stall();
    const watch = setInterval(() => {
      const now = Atomics.load(this.#progress, 0);
      // A worker that has yet to start is not to blame, nor is the file.
      if (now !== before && stall.at(now))
        this.#settle(failure('it has no end, or the disk that it lies on does not answer'));
    }, WATCH_MILLISECONDS);
    try {
      return await new Promise((resolve) => {
        this.#settle = resolve;
        this.#worker.postMessage(source);
      });
    } finally {
      clearInterval(watch);
      this.#settle = ignore;
      this.#worker.unref();
    }
  }

  stop(): void {
    void this.#worker.terminate();
  }
}

const failure = (reason: string): Hdf5Reply => ({
  error: { code: 'model_damaged', message: `The HDF5 file can't be read: ${reason}.` },
});

function startWorker(options: WorkerOptions): Worker {
  const url = pathToFileURL(modulePath('keras/hdf5-worker'));
  if (isBuilt) return new Worker(url, options);
  // Run from source, as the tests are: Node 20 does not hand the loader of TypeScript on to workers.
  const load = `import('${import.meta.resolve('tsx/esm/api')}').then(({ register }) => { register(); return import('${url}'); })`;
  return new Worker(load, { ...options, eval: true });
}
