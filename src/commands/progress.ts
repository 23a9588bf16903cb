import type { WriteStream } from 'node:tty';
import type { CompileProgress } from '../inference/compile-messages.js';
import { formatBytes } from '../support/bytes.js';

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

/** One line of a terminal that says how many of several are done; nothing where there is no terminal, or only one. */
export class CountLine {
  /** @param what is counted: `rows` */
  constructor(
    private readonly stream: WriteStream,
    private readonly total: number,
    private readonly what: string,
  ) {}

  show(done: number): void {
    if (!this.isShown || done === this.total) return;
    const width = 30;
    const filled = Math.floor((done / this.total) * width);
    this.stream.write(
      `\r\x1b[K[${'='.repeat(filled)}${' '.repeat(width - filled)}]  ${done} of ${this.total} ${this.what}`,
    );
  }

  clear(): void {
    if (this.isShown) this.stream.write('\r\x1b[K');
  }

  private get isShown(): boolean {
    return this.stream.isTTY && this.total > 1;
  }
}
