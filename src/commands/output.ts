import { InternalSignal } from '../support/errors.js';
import { reasonOf } from '../support/files.js';

/** Standard output takes no more: the command ends, and what there is to say of it has been said. */
export class OutputClosed extends InternalSignal {}

/**
 * Has the process go on when standard output can't be written. That nobody reads it any more is no failure: `head` has had enough.
 * All else is said, and the exit code is 1.
 */
export function heedOutput(): void {
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    process.stdout.on('error', () => undefined);
    if (error.code === 'EPIPE') return;
    console.error(`keras-serve: standard output: ${reasonOf(error)}`);
    process.exitCode = 1;
  });
}

/**
 * Writes to standard output, as fast as it is read.
 * @throws OutputClosed
 */
export const writeOutput = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(new OutputClosed(error.message)) : resolve()));
  });
