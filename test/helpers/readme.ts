import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/support/package.js';

/** A block of code in the README, by the language it is marked with. */
export function codeBlocks(language: string): string[] {
  const text = readFileSync(join(packageRoot, 'README.md'), 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter((match) => match[1] === language)
    .map((match) => match[2]!);
}
