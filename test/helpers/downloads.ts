/** Downloads of random files, for tests. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import {
  type DownloadEvent,
  type DownloadOptions,
  download,
  type RemoteFile,
} from '../../src/applications/download.js';

const root = mkdtempSync(join(tmpdir(), 'keras-serve-download-'));
after(() => rmSync(root, { recursive: true }));

const signature = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');
const makeFile = (length: number): Buffer => Buffer.concat([signature, randomBytes(length - signature.length)]);

/** What is wanted, and what isn't. */
export const content = makeFile(3_000_000);
export const other = makeFile(3_000_000);

export const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

/** A file to be had in a folder of its own. */
export function wanted(url: string, more: Partial<RemoteFile> = {}): RemoteFile {
  const folder = mkdtempSync(join(root, 'case-'));
  return { url, path: join(folder, 'models', 'file.h5'), hash: md5(content), maxBytes: 4_000_000, signature, ...more };
}

export const filesBeside = ({ path }: RemoteFile): string[] => readdirSync(join(path, '..')).sort();

/** Downloads without long pauses, and gives what was said. */
export async function run(file: RemoteFile, options: DownloadOptions = {}): Promise<DownloadEvent[]> {
  const events: DownloadEvent[] = [];
  await download(file, { pauses: [10, 10, 10], onEvent: (event) => events.push(event), ...options });
  return events;
}

export const kinds = (events: DownloadEvent[]): string[] => [...new Set(events.map(({ kind }) => kind))];
