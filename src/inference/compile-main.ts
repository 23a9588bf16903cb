/**
 * A process that compiles one model file and ends: what reading and compiling takes in memory goes with it, and a hostile
 * file can harm nothing else.
 */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isOnnxFile, ModelFileError, readKerasModel } from '../keras/index.js';
import { compile } from '../onnx/compile.js';
import type { Signature } from '../tensor.js';
import type { CompileReply, CompileRequest } from './compile-messages.js';
import { optimize } from './onnx-engine.js';

async function compileTo({ path, weights, inputShape, output }: CompileRequest): Promise<Signature> {
  if (await isOnnxFile(path)) return optimize(path, output);
  const plain = `${output}.plain`;
  const { chunks } = compile(await readKerasModel(path, { weights, inputShape }));
  await pipeline(Readable.from(chunks), createWriteStream(plain));
  const signature = await optimize(plain, output);
  await rm(plain);
  return signature;
}

const reply = (message: CompileReply) => process.send?.(message, () => process.disconnect());

process.once('message', (request: CompileRequest) => {
  compileTo(request).then(
    (signature) => reply({ signature }),
    (error: Error) => {
      const code = error instanceof ModelFileError ? error.code : undefined;
      reply({ error: { code, message: error.message } });
    },
  );
});
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
