import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder } from '../support/files.js';
import { PartFile } from './part-file.js';
import { explain, TransferError, transfer } from './transfer.js';

/** A file to be had. */
export interface RemoteFile {
  url: string;
  /** Where it goes. */
  path: string;
  /** SHA-256 where it has 64 digits, else MD5, as `keras.utils.get_file` has it. */
  hash?: string;
  /** The most bytes that it may have. */
  maxBytes: number;
  /** The bytes with which it begins. */
  signature: Buffer;
}

/** How a download goes. Sizes are in bytes; the total is unknown where the server doesn't say. */
export type DownloadEvent = { file: RemoteFile } & (
  | { kind: 'waiting' }
  | { kind: 'started'; received: number; total: number | undefined }
  | { kind: 'progress'; received: number; total: number | undefined }
  | { kind: 'retrying'; reason: string; milliseconds: number }
  | { kind: 'finished'; received: number; milliseconds: number }
);

export interface DownloadOptions {
  onEvent?: (event: DownloadEvent) => void;
  /** Milliseconds before the second try, the third, …; a try that gets on begins the row again. */
  pauses?: readonly number[];
  /** Milliseconds without bytes to speak of after which a try is given up. */
  stallTimeout?: number;
  /** Gives the download up; what has come is kept for the next. */
  signal?: AbortSignal;
}

/** How often a waiting process looks whether the file is there. */
const lookInterval = 500;
/** Bytes by which a try has to get on for those before it to be forgotten. */
const progressBytes = 2 ** 20;

/**
 * Downloads a file to its place, whole or not at all: goes on with what is there of it, tries again when the connection
 * breaks, and checks what came. Where another process downloads the same file, it waits for that one.
 *
 * @throws TransferError that says why it can't be had
 */
export async function download(file: RemoteFile, options: DownloadOptions = {}): Promise<void> {
  try {
    await makeFolder(dirname(file.path));
    const arrived = arrivalOf(file);
    for (let waiting = false; ; ) {
      const part = await PartFile.claim(file.path);
      try {
        // Whoever had it may have finished just now.
        if ((await arrived()) || (part && (await complete(part, file, options)))) return;
      } finally {
        await part?.release();
      }
      if (!waiting) options.onEvent?.({ file, kind: 'waiting' });
      waiting = true;
      await sleep(lookInterval, undefined, { signal: options.signal });
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error instanceof TransferError ? error : explain(error as Error, file.url);
  }
}

/** @returns false when another process goes on with it */
async function complete(part: PartFile, file: RemoteFile, options: DownloadOptions): Promise<boolean> {
  const { onEvent = () => undefined, pauses = [500, 1500, 4000], stallTimeout = 30_000 } = options;
  const signal = AbortSignal.any([part.lost.signal, ...(options.signal ? [options.signal] : [])]);
  const startedAt = performance.now();
  let failures = 0;
  let mark = part.size;
  for (;;) {
    const resumed = part.size > 0;
    let kind: 'started' | 'progress' = 'started';
    try {
      const { url, maxBytes } = file;
      const serverHash = await transfer(part, {
        url,
        maxBytes,
        stallTimeout,
        signal,
        onProgress(received, total) {
          onEvent({ file, kind, received, total });
          kind = 'progress';
        },
      });
      await part.flush();
      const fault = await faultOf(part.path, file.signature, file.hash ?? serverHash);
      if (!fault) {
        await part.finish();
        onEvent({ file, kind: 'finished', received: part.size, milliseconds: performance.now() - startedAt });
        return true;
      }
      await part.restart();
      // What was put together in two tries may be of two files.
      throw new TransferError(`${fault}; it was not kept`, resumed);
    } catch (error) {
      // Who took the part over may have put it in its place already.
      if (part.lost.signal.aborted || (error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      options.signal?.throwIfAborted();
      if (part.size - mark >= progressBytes) failures = 0;
      mark = part.size;
      const milliseconds = pauses[failures++];
      if (!(error instanceof TransferError && error.passing) || milliseconds === undefined) throw error;
      onEvent({ file, kind: 'retrying', reason: error.message, milliseconds });
      await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Tells whether a file has come into its place and is right. It is read once for every time that it changes. */
function arrivalOf(file: RemoteFile): () => Promise<boolean> {
  let known = '';
  return async () => {
    const found = await stat(file.path).catch(() => undefined);
    const now = found ? `${found.ino} ${found.size} ${found.mtimeMs}` : '';
    if (now === known) return false;
    known = now;
    return isRight(file);
  };
}

/** Whether a file is in its place with the right hash; one without a hash only has to be there, as Keras has it. */
export async function isRight({ path, hash }: Pick<RemoteFile, 'path' | 'hash'>): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return false;
  return hash === undefined || (await hashOf(path, hash)) === hash;
}

/** What is wrong with a file that came. */
async function faultOf(path: string, signature: Buffer, hash: string | undefined): Promise<string | undefined> {
  const start = await open(path).then((file) => readStart(file, signature.length));
  if (!start.equals(signature))
    return 'what came is another kind of file: a proxy or a page to sign in may have answered';
  const actual = hash && (await hashOf(path, hash));
  return actual === hash ? undefined : `what came has the hash ${actual} instead of ${hash}`;
}

async function readStart(file: FileHandle, length: number): Promise<Buffer> {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The hash of a file, by the algorithm of another hash. */
async function hashOf(path: string, like: string): Promise<string> {
  const hash = createHash(like.length === 64 ? 'sha256' : 'md5');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}
