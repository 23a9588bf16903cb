import type { WriteStream } from 'node:tty';
import { formatBytes } from '../config.js';
import type { CompileProgress } from '../inference/compile-messages.js';

const steps: Record<CompileProgress['step'], (progress: CompileProgress) => string> = {
  reading: () => 'Reading the model',
  compiling: ({ done = 0, total = 0 }) => `Compiling: ${done} of ${total} layers`,
  writing: ({ done = 0, total = 0 }) => `Writing${done > 0 ? ` ${formatBytes(done)} of` : ''} ${formatBytes(total)}`,
  optimizing: () => 'Optimizing for this processor',
  checking: () => 'Checking that ONNX Runtime loads it',
};

/** One line of a terminal that says how far a model has got; nothing where there is no terminal. */
export class ProgressLine {
  private shown = false;

  constructor(private readonly stream: WriteStream) {}

  show(progress: CompileProgress): void {
    if (!this.stream.isTTY) return;
    this.shown = true;
    this.stream.write(`\r\x1b[K${steps[progress.step](progress)}`);
  }

  clear(): void {
    if (this.shown) this.stream.write('\r\x1b[K');
    this.shown = false;
  }
}
