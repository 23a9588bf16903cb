import { constants, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InternalSignal } from './errors.js';

/** What was given for a file and is none. */
export class NoFileError extends InternalSignal {
  /** @param what it is: `a pipe` */
  constructor(
    readonly path: string,
    readonly what: string,
  ) {
    super(`${path} is ${what}, no file.`);
  }
}

/** A file that is larger than it may be. */
export class FileSizeError extends InternalSignal {
  constructor(
    readonly path: string,
    readonly maxBytes: number,
  ) {
    super(`${path} has more than ${maxBytes} bytes.`);
  }
}

/** What is neither a file nor a folder, in words: `a pipe`. Undefined for a file or a folder. */
export function describeSpecial(
  entry: Pick<Stats, 'isFIFO' | 'isSocket' | 'isCharacterDevice' | 'isBlockDevice'>,
): string | undefined {
  if (entry.isFIFO()) return 'a pipe';
  if (entry.isSocket()) return 'a socket';
  return entry.isCharacterDevice() || entry.isBlockDevice() ? 'a device' : undefined;
}

/**
 * Opens a file or a folder to read, and nothing else: opening a pipe waits for whoever writes into it, and a device does what it
 * likes.
 * @throws NoFileError, and what the system says
 */
export async function openFile(path: string): Promise<FileHandle> {
  check(path, await stat(path));
  // Another may stand there by now.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    check(path, await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function check(path: string, stats: Stats): void {
  const what = describeSpecial(stats);
  if (what) throw new NoFileError(path, what);
}

/**
 * Reads a file whole.
 * @throws NoFileError, FileSizeError, and what the system says
 */
export async function readWhole(path: string, maxBytes: number): Promise<Buffer> {
  const file = await openFile(path);
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new NoFileError(path, 'a folder');
    if (stats.size > maxBytes) throw new FileSizeError(path, maxBytes);
    const bytes = Buffer.alloc(stats.size);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Reads how a file begins.
 * @param bytes at most
 * @throws NoFileError, and what the system says
 */
export async function readStart(path: string, bytes: number): Promise<Buffer> {
  const file = await openFile(path);
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new NoFileError(path, 'a folder');
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(stats.size, bytes)),
      0,
      Math.min(stats.size, bytes),
      0,
    );
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Whether an error is what the system said of a call. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';

/** What the system says of a file or folder that can't be read or written. */
const reasons: Record<string, string> = {
  ENOTDIR: 'there is no such folder',
  ENAMETOOLONG: 'there is no such file: that is too long for a name',
  EEXIST: 'it is there already',
  EISDIR: 'that is a folder',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
};

/**
 * Why the system refused something, in words.
 * @param missing what is said where something isn't there
 */
export const reasonOf = (error: NodeJS.ErrnoException, missing = 'there is no such file'): string =>
  error.code === 'ENOENT' ? missing : (reasons[error.code ?? ''] ?? error.message);

/**
 * Makes a folder and those above it. Node's own `recursive` never comes back where the system has no room for one in a folder
 * that is there, as in `/proc`.
 * @throws what the system says
 */
export async function makeFolder(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    const parent = dirname(path);
    if (error.code !== 'ENOENT' || parent === path) throw error;
    await makeFolder(parent);
    await make();
  });
}
