import type { SourceReader } from '../source-content.js';

/** What a file beside a model is read as. */
export type SideReader = 'pickle' | 'perhaps a pickle' | 'array' | 'json' | 'tokenizer' | 'table' | 'mlflow';
/** A key of a card that names a file: `inputs.tokenizer`. */
export type CardReader = `${'inputs' | 'outputs'}.${string}`;

/** Whatever reads a file. */
export type Reader = SideReader | SourceReader | CardReader;

/** What a file holds, plain data, or why it isn't read: that goes on after the file's name. */
export type Reading = { content: unknown } | { refused: string };

/** What a process that reads files is asked, one after the other. */
export interface ReadRequest {
  reader: Reader;
  bytes: Uint8Array;
  /** The part of the file that a card names; of source code, what is asked of it. */
  part?: string;
}

/** What it answers: a `Reading` as `v8.serialize` writes it, or what the reader threw. */
export type ReadReply = { reading: Uint8Array } | { error: Error };
