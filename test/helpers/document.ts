import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/support/package.js';

/** A block of code, by the language it is marked with. */
export interface Block {
  language: string;
  text: string;
  /** The words behind it, up to the next block. */
  after: string;
}

/** The sections of a document that have blocks of code, by their titles. */
export function sectionsOf(path: string): Map<string, Block[]> {
  const text = readFileSync(join(packageRoot, path), 'utf8');
  const sections = text.split(/^#+ (?=.*$)/m).map((section) => {
    const [title = '', ...lines] = section.split('\n');
    const blocks = [...lines.join('\n').matchAll(/^```(\w+)\n(.*?)^```\n([^`]*)/gms)];
    return [title, blocks.map(([, language, text, after]) => ({ language, text, after }) as Block)] as const;
  });
  return new Map(sections.filter(([, blocks]) => blocks.length > 0));
}
