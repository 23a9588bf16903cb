/**
 * What ONNX Runtime is to tests that stryker-runner.ts bundles. The bytes of a model and its inputs make its outputs: what the
 * compiler gave without a mistake is run once, for all workers, and a mistake that leaves the bytes as they were never runs.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { InstrumenterContext } from '@stryker-mutator/api/core';
import { InferenceSession as Runtime, Tensor } from '../../src/inference/onnxruntime.js';

export { Tensor };

/** A tensor without its class. */
interface Plain {
  type: Tensor.Type;
  data: Tensor.DataType;
  dims: readonly number[];
}

/** What is known of one model. */
interface Recording {
  inputNames: readonly string[];
  outputNames: readonly string[];
  inputMetadata: readonly Runtime.ValueMetadata[];
  outputMetadata: readonly Runtime.ValueMetadata[];
  /** Outputs by the hash of the inputs. */
  answers: Map<string, Record<string, Plain>>;
}

const folder = join(process.cwd(), '.recorded');
const recordings = new Map<string, Recording>();

/** Without a mistake: what mistakes give is not worth keeping. */
const isPlain = () => (globalThis as { __stryker__?: InstrumenterContext }).__stryker__?.activeMutant === undefined;

const hashOf = (value: Uint8Array | string) => createHash('sha1').update(value).digest('hex');

/** What feeds are, in bytes. */
const feedsHash = (feeds: Readonly<Record<string, Tensor>>) =>
  hashOf(serialize(Object.entries(feeds).map(([name, { type, data, dims }]) => [name, type, data, dims])));

function recordingOf(file: string): Recording | undefined {
  const path = join(folder, file);
  const recording =
    recordings.get(file) ?? (existsSync(path) ? (deserialize(readFileSync(path)) as Recording) : undefined);
  if (recording) recordings.set(file, recording);
  return recording;
}

/** One session: none is made before something is asked that is not recorded. */
class RecordedSession {
  private isNew = false;

  private constructor(
    private readonly file: string,
    private readonly recording: Recording,
    private readonly open: () => Promise<Runtime>,
    private session?: Runtime,
  ) {}

  static async create(model: Uint8Array | string, options: Runtime.SessionOptions): Promise<RecordedSession> {
    const open = () => (typeof model === 'string' ? Runtime.create(model, options) : Runtime.create(model, options));
    const file = hashOf(typeof model === 'string' ? readFileSync(model) : model);
    const known = typeof model === 'string' ? undefined : recordingOf(file);
    if (known) return new RecordedSession(file, known, open);
    const session = await open();
    const { inputNames, outputNames, inputMetadata, outputMetadata } = session;
    const recording = { inputNames, outputNames, inputMetadata, outputMetadata, answers: new Map() };
    return new RecordedSession(file, recording, open, session);
  }

  get inputNames() {
    return this.recording.inputNames;
  }

  get outputNames() {
    return this.recording.outputNames;
  }

  get inputMetadata() {
    return this.recording.inputMetadata;
  }

  get outputMetadata() {
    return this.recording.outputMetadata;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const { answers } = this.recording;
    const key = feedsHash(feeds);
    let answer = answers.get(key);
    if (!answer) {
      this.session ??= await this.open();
      const results = Object.entries(await this.session.run(feeds));
      answer = Object.fromEntries(results.map(([name, { type, data, dims }]) => [name, { type, data, dims }]));
      if (isPlain()) {
        answers.set(key, answer);
        this.isNew = true;
      }
    }
    const copies = Object.entries(answer).map(([name, { type, data, dims }]) => [
      name,
      new Tensor(type, structuredClone(data) as never, dims),
    ]);
    return Object.fromEntries(copies);
  }

  async release(): Promise<void> {
    if (this.isNew) {
      const path = join(folder, this.file);
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${path}.${process.pid}`, serialize(this.recording));
      renameSync(`${path}.${process.pid}`, path);
      recordings.set(this.file, this.recording);
      this.isNew = false;
    }
    await this.session?.release();
    this.session = undefined;
  }
}

export const InferenceSession = RecordedSession;
