import { readFileSync } from 'node:fs';

/** Milliseconds that this process has computed, all its threads together. */
export function ownTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What Linux counts the time of processes in, on all processors that Node.js runs on. */
const ticksPerSecond = 100;

/**
 * Milliseconds that another process has computed, all its threads together; undefined where it is gone, and on systems other than Linux.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function timeOf(pid: number | undefined): number | undefined {
  const text = statOf(pid);
  // Its name is in brackets, and may hold some itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system] = fields.slice(11, 13).map(Number);
  return system === undefined ? undefined : ((user! + system) * 1000) / ticksPerSecond;
}

function statOf(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}
