import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { findModel } from '../catalog/find-model.js';
import type { ConvertedModel } from '../inference/compile-messages.js';
import { compileInProcess } from '../inference/compile-process.js';
import { formatBytes } from '../support/bytes.js';
import { isSystemError, reasonOf } from '../support/files.js';
import type { CommandInput } from './command.js';
import { showDownload } from './download-bar.js';
import { CommandError, UsageError } from './errors.js';
import { modelOptions } from './model-flags.js';
import { ProgressLine } from './progress.js';

/** What `keras-serve convert` does: loaded when it is run. */
export async function runConvert({
  positionals: [model, output],
  flags,
  config: { weightsUrl },
}: CommandInput): Promise<void> {
  const { weights: given, inputShape } = modelOptions(flags);
  const target = resolve(output!);
  const force = flags.force === true;
  if (!target.endsWith('.onnx'))
    throw new UsageError(`The file to write should end in .onnx: ${basename(target)}.onnx`);
  await checkTarget(target, force);
  const onDownload = showDownload(process.stderr);
  const { path, weights } = await findModel(model!, { weights: given, weightsUrl, onDownload });
  // For what is not whole yet, on the disk on which it will stay.
  const folder = join(dirname(target), `.keras-serve-${randomUUID()}`);
  const clean = () => rm(folder, { recursive: true, force: true });
  const interrupted = () => void clean().finally(() => process.exit(130));
  process.once('SIGINT', interrupted);
  const line = new ProgressLine(process.stderr);
  try {
    await makeFolder(folder);
    const request = {
      path,
      weights,
      inputShape,
      output: join(folder, basename(target)),
      externalData: flags['external-data'] === true,
    };
    const converted = await compileInProcess('convert', request, (progress) => line.show(progress)).catch(
      explain(dirname(target)),
    );
    const moves = converted.files.map(({ path }) => [path, join(dirname(target), basename(path))] as const);
    for (const [, to] of moves) await checkTarget(to, force);
    for (const [from, to] of moves) await rename(from, to);
    line.clear();
    console.log(report(output!, converted));
  } finally {
    line.clear();
    process.off('SIGINT', interrupted);
    await clean();
  }
}

const makeFolder = (folder: string): Promise<void> => mkdir(folder).catch(explain(dirname(folder)));

/** Turns what the system says of a folder that is written to into words. */
const explain = (folder: string) => (error: Error) => {
  if (!isSystemError(error)) throw error;
  throw new CommandError(`${folder} can't be written to: ${reasonOf(error, 'there is no such folder')}`, {
    cause: error,
  });
};

async function checkTarget(target: string, force: boolean): Promise<void> {
  const there = await stat(target).catch(() => undefined);
  if (there?.isDirectory()) throw new CommandError(`${target} is a folder`);
  if (there && !force) throw new CommandError(`${target} is there already: --force overwrites it`);
}

function report(output: string, { files, inputs, outputs, withoutStrings }: ConvertedModel): string {
  const written = files.map(({ path, bytes }) => `${join(dirname(output), basename(path))} (${formatBytes(bytes)})`);
  const names = (infos: { name: string }[]) => infos.map(({ name }) => name).join(', ');
  const what = `${written.join(' and ')}: takes ${names(inputs)}, gives ${names(outputs)}.`;
  if (!withoutStrings) return `${what} ONNX Runtime loads it.`;
  const { inputs: taken, outputs: given } = withoutStrings;
  const numbers = `takes ${names(taken) || 'nothing'}, gives ${names(given) || 'nothing'}`;
  return (
    `${what} keras-serve serves them together: keep them side by side.\n` +
    `ONNX has no operators for what is done with strings, so to other programs ${basename(output)} is not the whole model: by itself it ${numbers}.`
  );
}
