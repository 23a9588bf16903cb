import { RepeatedKeyError } from '../../json/error.js';
import { isPickle } from '../../pickle/container.js';
import { readNpy } from '../../pickle/npy.js';
import { readPickle } from '../../pickle/read-pickle.js';
import { decodeText } from '../../support/decode-text.js';
import { KnownError } from '../../support/errors.js';
import { contentOfJson, contentOfPickle, type SideContent } from '../beside/side-content.js';
import { contentOfCsv } from '../beside/side-table.js';
import { choicesOfSource, contentOfSource, isSourceReader, type SourceReader } from '../source-content.js';
import type { CardReader, Reader, Reading, SideReader } from './read-messages.js';

const ofPickle = (bytes: Uint8Array): SideContent => contentOfPickle(readPickle(bytes));

function ofJson(bytes: Uint8Array): SideContent | undefined {
  const text = decodeText(bytes);
  return text === undefined ? undefined : contentOfJson(text);
}

type Some = SideContent | undefined;

/** What files beside a model are read as; what is made of their bytes is undefined where they are something else. */
const sideReaders: Record<SideReader, (bytes: Uint8Array) => Some | Promise<Some>> = {
  pickle: ofPickle,
  /** If it begins as a pickle. */
  'perhaps a pickle': (bytes) => (isPickle(bytes) ? ofPickle(bytes) : undefined),
  /** One that has names; others are data. */
  array: (bytes) => {
    const content = contentOfPickle(readNpy(bytes));
    return content.classes && content;
  },
  json: ofJson,
  tokenizer: (bytes) => ofJson(bytes) ?? { what: 'holds no words with ids' },
  /** Its header, and the first rows. */
  table: (bytes) => contentOfCsv(decodeText(bytes) ?? ''),
  /** YAML takes a while to load, and few folders have any. */
  mlflow: async (bytes) => (await import('../beside/mlflow.js')).contentOfMlflow(decodeText(bytes) ?? ''),
};

const isSideReader = (reader: Reader): reader is SideReader => Object.hasOwn(sideReaders, reader);

/**
 * Reads the bytes of a file: in a process that nothing else depends on.
 * @param part of it that a card names; of source code, what is asked of it
 * @throws Error what a card names and can't be read: it completes "the file …"
 */
export function readContent(reader: Reader, bytes: Uint8Array, part?: string): Reading | Promise<Reading> {
  if (isSourceReader(reader)) return { content: ofSource(reader, bytes, part) };
  return isSideReader(reader) ? readBeside(reader, bytes) : readNamed(reader, bytes, part);
}

/** @param part `width 3`: what it chooses between of so many; `after 120`: what is behind as many bytes of other files, all else */
function ofSource(reader: SourceReader, bytes: Uint8Array, part = ''): unknown {
  const [, word, number] = /^(width|after) (\d+)$/.exec(part) ?? [];
  const start = word === 'after' ? Number(number) : 0;
  const text = decodeText(bytes.subarray(start));
  if (text === undefined) return undefined;
  if (word === 'width') return choicesOfSource(reader, text, Number(number));
  return contentOfSource(reader, text, decodeText(bytes.subarray(0, start)));
}

async function readBeside(reader: SideReader, bytes: Uint8Array): Promise<Reading> {
  try {
    return { content: await sideReaders[reader](bytes) };
  } catch (error) {
    if (error instanceof RepeatedKeyError) return { refused: error.reason };
    if (error instanceof KnownError) return { refused: error.message };
    if (error instanceof SyntaxError) return { refused: "isn't JSON" };
    throw error;
  }
}

async function readNamed(reader: CardReader, bytes: Uint8Array, part: string | undefined): Promise<Reading> {
  // Kinds take a while to load, and few cards name files.
  const { cardReaders } = await import('../card-readers.js');
  return { content: cardReaders[reader]!.read(bytes, part) };
}
