import { basename } from 'node:path';
import type { WriteStream } from 'node:tty';
import type { DownloadEvent } from '../applications/download.js';
import { amount, describeDownload, logDownload } from '../applications/download-lines.js';
import { formatBytes } from '../support/bytes.js';

/** Milliseconds between two pictures of the bar. */
const drawInterval = 100;
/** Cells of the bar where there is room. */
const widest = 30;

/**
 * Shows how a download goes: on a terminal a line that moves, elsewhere the lines of a log.
 * @param stream is told nothing but this meanwhile
 */
export function showDownload(stream: WriteStream): (event: DownloadEvent) => void {
  const print = (line: string) => stream.write(`${line}\n`);
  if (!stream.isTTY) return logDownload(print);
  let start = { at: 0, received: 0 };
  let drawnAt = 0;
  return (event) => {
    const now = performance.now();
    if (event.kind === 'started') {
      start = { at: now, received: event.received };
      print(describeDownload(event));
    } else if (event.kind === 'progress') {
      if (now - drawnAt < drawInterval && event.received !== event.total) return;
      drawnAt = now;
      const rate = (event.received - start.received) / Math.max(0.001, (now - start.at) / 1000);
      stream.write(`\r\x1b[K${bar(event, rate, stream.columns || 80)}`);
    } else {
      stream.write('\r\x1b[K');
      print(describeDownload(event));
    }
  };
}

/** A time to wait, in round figures. */
function duration(seconds: number): string {
  const [size, unit] = seconds < 100 ? [1, 's'] : seconds < 6000 ? [60, 'min'] : [3600, 'h'];
  return `${Math.ceil(seconds / size)} ${unit}`;
}

/** `resnet50.h5 [=====>     ] 45 %  44 MB of 98.2 MB  3.2 MB/s  17 s left`, cut to a terminal's width. */
export function bar(event: Extract<DownloadEvent, { kind: 'progress' }>, rate: number, columns: number): string {
  const { file, received, total } = event;
  const speed = `${formatBytes(Math.max(1, rate))}/s`;
  const part = total ? received / total : undefined;
  const figures = [
    ...(part === undefined ? [] : [`${Math.floor(part * 100)} %`]),
    amount(event),
    speed,
    ...(total && rate > 0 ? [`${duration((total - received) / rate)} left`] : []),
  ].join('  ');
  const name = basename(file.path);
  const cells = Math.min(widest, columns - figures.length - 5);
  const done = Math.floor((part ?? 0) * cells);
  const drawn =
    part === undefined || cells < 5 ? '' : `[${`${'='.repeat(done)}${done < cells ? '>' : ''}`.padEnd(cells)}]`;
  const line = [drawn, figures].filter(Boolean).join('  ');
  return (line.length + name.length + 2 < columns ? `${name}  ${line}` : line).slice(0, columns - 1);
}
