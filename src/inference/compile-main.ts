/**
 * A process that reads one model file, does one thing with it and ends: what that takes in memory goes with it, and a hostile
 * file can harm nothing else.
 */
import { open, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  isOnnxFile,
  type KerasModel,
  ModelFileError,
  type ModelKind,
  modelKind,
  readGraphModelFile,
  readKerasModel,
} from '../keras/index.js';
import { compile, type OnnxModel } from '../onnx/compile.js';
import type { Metadata } from '../onnx/encode.js';
import type { CompileObserver } from '../onnx/graph-compiler.js';
import { metadataNames } from '../onnx/metadata.js';
import { ByteChunks } from '../onnx/protobuf.js';
import { summarize } from '../onnx/summary.js';
import { planPath } from '../strings/plan.js';
import { encodePlan } from '../strings/plan-file.js';
import { garbageCollector } from '../support/memory.js';
import type { Signature } from '../support/tensor.js';
import type {
  CompileProgress,
  CompileReply,
  CompileRequest,
  CompileTasks,
  ConvertedModel,
  ModelSource,
  OptimizedModel,
} from './compile-messages.js';
import type { EngineName } from './engine.js';
import { hintsOf, type ModelHints } from './model-hints.js';
import { optimize, signatureOf } from './onnx-engine.js';
import { optimizeOnnxFile, signatureOfOnnxFile } from './onnx-file.js';

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

function compileReporting(model: KerasModel, report: Report, metadata?: Metadata): OnnxModel {
  const total = model.graph.calls.length;
  let done = 0;
  const top = new Set(model.graph.calls);
  report({ step: 'compiling', done, total });
  const observe: CompileObserver = (call) => {
    if (top.has(call)) report({ step: 'compiling', done: ++done, total });
  };
  return compile(model, observe, metadata);
}

/** Writes files one after the other. */
async function write(files: { path: string; bytes: ByteChunks }[], report: Report): Promise<ConvertedModel['files']> {
  const sizes = files.map(({ path, bytes }) => ({ path, bytes: bytes.byteLength }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const { path, bytes } of files) {
    const file = await open(path, 'w');
    try {
      for (const chunk of bytes) {
        report({ step: 'writing', done, total });
        await file.writeFile(chunk);
        done += chunk.byteLength;
      }
    } finally {
      await file.close();
    }
  }
  return sizes;
}

/** The most bytes that a protobuf message, and so a file of ONNX, may have. */
const largestMessage = 2 ** 31 - 1;

/** Bytes from which on weights are written beside the model, where ONNX Runtime maps them into its memory: else it copies them. */
const largestWhole = 32 * 2 ** 20;

/**
 * Writes a compiled model and what belongs beside it.
 * @param whole the most bytes that go into one file; of more, the weights have a file of their own
 */
function writeModel(model: OnnxModel, path: string, whole: number, report: Report): Promise<ConvertedModel['files']> {
  const { bytes, strings } = model;
  const external = bytes.byteLength > whole ? model.withExternalData(`${basename(path)}.data`) : undefined;
  // The model last: where it stands, the others do too.
  const beside = [
    ...(external && external.data.byteLength > 0 ? [{ path: `${path}.data`, bytes: external.data }] : []),
    ...(strings ? [{ path: planPath(path), bytes: new ByteChunks([encodePlan(strings)]) }] : []),
  ];
  return write([...beside, { path, bytes: external?.model ?? bytes }], report);
}

/** Gives memory back before ONNX Runtime needs more: the weights are on disk by then. */
const collectGarbage = garbageCollector();

/** What is known of a model whose weights are on disk, so that nothing holds them any longer. */
async function writePlain(
  source: ModelSource,
  path: string,
  report: Report,
): Promise<Pick<OnnxModel, 'batchDependent' | 'strings'> & { hints: ModelHints }> {
  const model = await read(source, report);
  const hints = await hintsOf(model);
  const compiled = compileReporting(model, report);
  await writeModel(compiled, path, largestWhole, report);
  return { hints, batchDependent: compiled.batchDependent, strings: compiled.strings };
}

/** Reads, compiles and writes a model for others. @param whole as of {@link writeModel} */
async function writeConverted(
  source: ModelSource,
  path: string,
  whole: number,
  report: Report,
): Promise<Pick<ConvertedModel, 'files'> & Pick<OnnxModel, 'strings'>> {
  const model = await read(source, report);
  const compiled = compileReporting(model, report, { [metadataNames.hints]: JSON.stringify(await hintsOf(model)) });
  return { files: await writeModel(compiled, path, whole, report), strings: compiled.strings };
}

async function optimizeForOnnx(source: ModelSource, output: string, report: Report): Promise<OptimizedModel> {
  const plain = `${output}.plain`;
  const { hints, batchDependent, strings } = await writePlain(source, plain, report);
  if (strings) await rename(planPath(plain), planPath(output));
  collectGarbage();
  report({ step: 'optimizing' });
  const signature = await optimize(plain, output);
  await Promise.all([plain, `${plain}.data`].map((path) => rm(path, { force: true })));
  // With strings, the engine takes and gives other tensors than the model.
  const { inputs, outputs } = strings ?? signature;
  return { engine: 'onnx', signature: { inputs, outputs, batchDependent }, hints, ...(strings && { strings: true }) };
}

async function optimizeForTensorFlow(source: ModelSource, output: string, report: Report): Promise<OptimizedModel> {
  const model = await read(source, report);
  report({ step: 'optimizing' });
  const { prepareKerasModel } = await import('./prepare-tensorflow.js');
  return prepareKerasModel(model, output);
}

const containers = { 'saved-model': 'a TensorFlow SavedModel', 'graph-model': 'a TensorFlow.js graph model' };

const otherEngine = (what: string, engine: EngineName) =>
  new ModelFileError(
    'model_format_unsupported',
    `This is ${what}, which another engine runs: --engine ${engine}, or auto.`,
  );

/** What a model takes and gives that is no Keras file. */
const signatures: Record<Exclude<ModelKind, 'keras'>, (source: ModelSource) => Promise<Signature>> = {
  onnx: ({ path }) => signatureOfOnnxFile(path),
  async 'saved-model'({ path, signature }) {
    const { readSavedSignature } = await import('../tensorflow/saved-model-file.js');
    return readSavedSignature(path, signature);
  },
  async 'graph-model'({ path }) {
    const [{ prepareGraphModel }, { loadTensorFlow }] = await Promise.all([
      import('../tensorflow/graph-model.js'),
      import('../tensorflow/runtime.js'),
    ]);
    const { model } = await prepareGraphModel(await loadTensorFlow(), await readGraphModelFile(path));
    return model.signature;
  },
};

const tasks: {
  [K in keyof CompileTasks]: (
    request: Extract<CompileRequest, { task: K }>,
    report: Report,
  ) => Promise<CompileTasks[K]['result']>;
} = {
  async optimize({ output, engine = 'auto', ...source }, report) {
    const kind = await modelKind(source.path);
    if (kind === 'onnx') {
      if (engine === 'tensorflow') throw otherEngine('an ONNX model', 'onnx');
      report({ step: 'optimizing' });
      return optimizeOnnxFile(source.path, output);
    }
    if (kind !== 'keras') {
      if (engine === 'onnx') throw otherEngine(containers[kind], 'tensorflow');
      report({ step: 'optimizing' });
      const { prepareOperations } = await import('./prepare-tensorflow.js');
      return prepareOperations(kind, source, output);
    }
    if (engine === 'tensorflow') return optimizeForTensorFlow(source, output, report);
    try {
      return await optimizeForOnnx(source, output, report);
    } catch (error) {
      const isUnsupported = error instanceof ModelFileError && error.code === 'model_unsupported_layers';
      if (engine === 'onnx' || !isUnsupported) throw error;
      // What TensorFlow can't run either is told in the words of the compiler, which knows more layers.
      return await optimizeForTensorFlow(source, output, report).catch((other: Error) => {
        const isMissing = other instanceof ModelFileError && other.code === 'model_engine_missing';
        throw isMissing ? new ModelFileError(error.code, `${error.message} ${other.message}`) : error;
      });
    }
  },
  async convert({ output, externalData = false, ...source }, report) {
    if (await isOnnxFile(source.path))
      throw new ModelFileError('model_format_unsupported', 'This is an ONNX model already.');
    const { files, strings } = await writeConverted(source, output, externalData ? 0 : largestMessage, report);
    collectGarbage();
    report({ step: 'checking' });
    const signature = await signatureOf(output);
    if (!strings) return { ...signature, files };
    return { inputs: strings.inputs, outputs: strings.outputs, files, withoutStrings: signature };
  },
  async inspect(source, report) {
    const kind = await modelKind(source.path);
    if (kind === 'keras') {
      const model = await read(source, report);
      const summary = summarize(model);
      return { ...summary, hints: summary.outputs === null ? null : await hintsOf(model) };
    }
    const { inputs, outputs } = await signatures[kind](source);
    const nothing = { kerasVersion: null, name: null, className: null, layers: [], parameters: null };
    return { container: kind, inputs, outputs, ...nothing, unsupported: [], problem: null, hints: null };
  },
};

function send(message: CompileReply, sent: () => void = () => undefined): void {
  process.send?.(message, sent);
}

/** Bytes that a disk has left when ONNX Runtime, which says only that it failed, found no room on it. */
const almostNothing = 2 ** 20;

/** Whether something failed for want of room in a folder. */
async function isFull(folder: string, { code }: NodeJS.ErrnoException): Promise<boolean> {
  if (code !== undefined) return code === 'ENOSPC' || code === 'EDQUOT';
  const disk = await statfs(folder).catch(() => undefined);
  return disk !== undefined && disk.bavail * disk.bsize < almostNothing;
}

process.once('message', (request: CompileRequest) => {
  const answer = (reply: CompileReply) => send(reply, () => process.disconnect());
  tasks[request.task](request as never, reporter()).then(
    (result) => answer({ kind: 'result', result }),
    async (error: Error) => {
      const code = error instanceof ModelFileError ? error.code : undefined;
      const output = 'output' in request ? dirname(request.output) : undefined;
      const noRoom = code === undefined && output !== undefined && (await isFull(output, error));
      answer({ kind: 'error', code, message: error.message, noRoom });
    },
  );
});
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
