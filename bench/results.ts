import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

/** The middle of the values; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** A table in Markdown. */
export const table = (head: readonly string[], rows: readonly string[][]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** What this machine is. */
export const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node.js ${process.version}`;

/**
 * Writes what a benchmark measured: `<name>.json` with every figure, `<name>.md` to be read.
 * @param folder made when it is missing
 * @param figures what the JSON holds beside the date and the machine
 * @param text Markdown below the title
 */
export function writeResults(folder: string, name: string, title: string, figures: object, text: string): void {
  const date = new Date().toISOString().slice(0, 10);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ date, machine, ...figures }, null, 1)}\n`);
  writeFileSync(
    join(folder, `${name}.md`),
    `# ${title}\n\n${date}, ${machine}. How to read and repeat this: docs/benchmarks.md.\n\n${text}`,
  );
}
