/**
 * A process that reads one model file, does one thing with it and ends: what that takes in memory goes with it, and a hostile
 * file can harm nothing else.
 */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isOnnxFile, type KerasModel, ModelFileError, readKerasModel } from '../keras/index.js';
import { compile, type OnnxModel } from '../onnx/compile.js';
import { summarize } from '../onnx/summary.js';
import type {
  CompileProgress,
  CompileReply,
  CompileRequest,
  CompileTasks,
  ConvertedModel,
  ModelSource,
} from './compile-messages.js';
import { hintsOf } from './model-hints.js';
import { optimize, signatureOf } from './onnx-engine.js';

/** Milliseconds between two reports of progress within a step. */
const reportInterval = 100;

type Report = (progress: CompileProgress) => void;

/** Sends progress: the first of every step at once, others now and then. */
function reporter(): Report {
  let step: CompileProgress['step'] | undefined;
  let reportedAt = 0;
  return (progress) => {
    if (progress.step === step && performance.now() - reportedAt < reportInterval) return;
    step = progress.step;
    reportedAt = performance.now();
    send({ kind: 'progress', progress });
  };
}

async function read({ path, weights, inputShape }: ModelSource, report: Report): Promise<KerasModel> {
  report({ step: 'reading' });
  return readKerasModel(path, { weights, inputShape });
}

function compileReporting(model: KerasModel, report: Report): OnnxModel {
  const total = model.graph.calls.length;
  let done = 0;
  const top = new Set(model.graph.calls);
  report({ step: 'compiling', done, total });
  return compile(model, (call) => {
    if (top.has(call)) report({ step: 'compiling', done: ++done, total });
  });
}

const size = (chunks: readonly Uint8Array[]) => chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);

/** Writes files one after the other. */
async function write(
  files: { path: string; chunks: Uint8Array[] }[],
  report: Report,
): Promise<ConvertedModel['files']> {
  const sizes = files.map(({ path, chunks }) => ({ path, bytes: size(chunks) }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const { path, chunks } of files) {
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        report({ step: 'writing', done, total });
        done += chunk.byteLength;
        next(null, chunk);
      },
    });
    await pipeline(Readable.from(chunks), counter, createWriteStream(path));
  }
  return sizes;
}

/** The most bytes that a protobuf message, and so a file of ONNX, may have. */
const largestMessage = 2 ** 31 - 1;

const tasks: {
  [K in keyof CompileTasks]: (
    request: Extract<CompileRequest, { task: K }>,
    report: Report,
  ) => Promise<CompileTasks[K]['result']>;
} = {
  async optimize({ output, ...source }, report) {
    const optimizeReporting = (path: string) => {
      report({ step: 'optimizing' });
      return optimize(path, output);
    };
    if (await isOnnxFile(source.path)) return { signature: await optimizeReporting(source.path), hints: null };
    const plain = `${output}.plain`;
    const model = await read(source, report);
    const { chunks } = compileReporting(model, report);
    if (size(chunks) > largestMessage)
      throw new ModelFileError('model_too_large', 'The model has more than 2 GB of weights, too many to be served.');
    await write([{ path: plain, chunks }], report);
    const signature = await optimizeReporting(plain);
    await rm(plain);
    return { signature, hints: await hintsOf(model) };
  },
  async convert({ output, externalData = false, ...source }, report) {
    if (await isOnnxFile(source.path))
      throw new ModelFileError('model_format_unsupported', 'This is an ONNX model already.');
    const model = compileReporting(await read(source, report), report);
    const large = externalData || size(model.chunks) > largestMessage;
    const { chunks, data } = large
      ? model.withExternalData(`${basename(output)}.data`)
      : { chunks: model.chunks, data: [] };
    // The model last: where it stands, its weights do too.
    const weights = data.length > 0 ? [{ path: `${output}.data`, chunks: data }] : [];
    const files = await write([...weights, { path: output, chunks }], report);
    report({ step: 'checking' });
    return { ...(await signatureOf(output)), files };
  },
  async inspect(source, report) {
    if (!(await isOnnxFile(source.path))) return summarize(await read(source, report));
    const { inputs, outputs } = await signatureOf(source.path);
    const nothing = { kerasVersion: null, name: null, className: null, layers: [], parameters: null };
    return { container: 'onnx', inputs, outputs, ...nothing, unsupported: [], problem: null };
  },
};

function send(message: CompileReply, sent: () => void = () => undefined): void {
  process.send?.(message, sent);
}

process.once('message', (request: CompileRequest) => {
  const answer = (reply: CompileReply) => send(reply, () => process.disconnect());
  tasks[request.task](request as never, reporter()).then(
    (result) => answer({ kind: 'result', result }),
    (error: Error) => {
      const code = error instanceof ModelFileError ? error.code : undefined;
      answer({ kind: 'error', code, message: error.message });
    },
  );
});
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
