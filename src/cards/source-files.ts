import { join } from 'node:path';
import { decodeText } from '../support/decode-text.js';
import { readWhole } from '../support/files.js';
import type { Language } from './source-tokens.js';

/** Source code in a file beside a model. */
export interface SourceFile {
  file: string;
  source: string;
  language: Language;
}

/** The most files that are read, the largest of them and all of them together, in bytes. */
const [mostFiles, maxBytes, maxTotal] = [50, 5 * 2 ** 20, 8 * 2 ** 20];

/** How files of source code are read, by their endings. */
const readers: Record<string, { language: Language; read: (text: string) => string }> = {
  py: { language: 'python', read: (text) => text },
  js: { language: 'javascript', read: (text) => text },
  ts: { language: 'javascript', read: (text) => text },
  ipynb: { language: 'python', read: cellsOf },
};
const ending = new RegExp(`\\.(${Object.keys(readers).join('|')})$`);

/** Those of a folder's files that are source code. */
export const sourceFilesAmong = (names: readonly string[]): string[] =>
  names.filter((name) => ending.test(name)).sort();

/** The source code in a folder; none where there is more than is read. @param names the folder's files */
export async function readSources(folder: string, names: readonly string[]): Promise<SourceFile[]> {
  const files = sourceFilesAmong(names);
  if (files.length > mostFiles) return [];
  const found: SourceFile[] = [];
  let total = 0;
  for (const file of files) {
    const bytes = await readWhole(join(folder, file), maxBytes).catch(() => undefined);
    total += bytes?.length ?? 0;
    if (total > maxTotal) return [];
    const text = bytes && decodeText(bytes);
    if (!text) continue;
    const { language, read } = readers[ending.exec(file)![1]!]!;
    found.push({ file, source: read(text), language });
  }
  return found;
}

/** The code of a notebook. */
function cellsOf(text: string): string {
  try {
    const { cells } = JSON.parse(text) as { cells?: { cell_type?: string; source?: string | string[] }[] };
    const sources = (Array.isArray(cells) ? cells : []).filter((cell) => cell?.cell_type === 'code');
    return sources.map(({ source }) => (Array.isArray(source) ? source.join('') : String(source ?? ''))).join('\n');
  } catch {
    return '';
  }
}
