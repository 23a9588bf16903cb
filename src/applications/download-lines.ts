import { basename } from 'node:path';
import { formatBytes } from '../support/bytes.js';
import type { DownloadEvent } from './download.js';

/** Milliseconds between two lines on how far a download has got. */
const lineInterval = 10_000;

type Events = { [K in DownloadEvent['kind']]: Extract<DownloadEvent, { kind: K }> };

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 100) / 10} s`;

/** How much of how much: `42.1 MB of 98.2 MB`. */
export const amount = ({ received, total }: Events['progress']): string =>
  `${formatBytes(received)}${total === undefined ? '' : ` of ${formatBytes(total)}`}`;

const lines: { [K in DownloadEvent['kind']]: (event: Events[K], name: string) => string } = {
  waiting: (_, name) => `${name}: waiting for another process that downloads it`,
  started: ({ file, received, total }, name) =>
    `${name}: ${received > 0 ? `going on at ${formatBytes(received)} with` : 'downloading'} ${file.url}${
      total === undefined ? '' : ` (${formatBytes(total)})`
    } to ${file.path}`,
  progress: (event, name) => `${name}: ${amount(event)}`,
  retrying: ({ reason, milliseconds }, name) => `${name}: ${reason}; once more in ${seconds(milliseconds)}`,
  finished: ({ received, milliseconds }, name) =>
    `${name}: ${formatBytes(received)} downloaded in ${seconds(milliseconds)}`,
};

/** What there is to say of a download. */
export const describeDownload = (event: DownloadEvent): string =>
  lines[event.kind](event as never, basename(event.file.path));

/** Writes the lines of a log for a download: what happens, and every ten seconds how far it has got. */
export function logDownload(write: (line: string) => void): (event: DownloadEvent) => void {
  let wroteAt = performance.now();
  return (event) => {
    const now = performance.now();
    if (event.kind === 'progress' && now - wroteAt < lineInterval) return;
    wroteAt = now;
    write(describeDownload(event));
  };
}
