import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks. */
const interval = 500;

/**
 * What tells whether a file is another: links are followed, so that it doesn't matter which part of a path was replaced. Texts
 * for what can't be looked at, too.
 */
export const fileIdentity = (path: string): Promise<string> =>
  stat(path, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    ({ code }: NodeJS.ErrnoException) => String(code),
  );

/**
 * Tells of each look whether something has changed: it counts once two looks found the same, so that what is being written, or
 * briefly away, is left alone.
 * @param known what it was before the first look
 */
export function settling(known: string): (found: string) => boolean {
  let settled = known;
  let before = known;
  return (found) => {
    const isChange = found === before && found !== settled;
    if (isChange) settled = found;
    before = found;
    return isChange;
  };
}

/**
 * Calls a function when a file has changed: was replaced, renamed over, written anew, or where a link leads is another. Looks at
 * it again and again: what the system tells of changes is incomplete for network folders, containers and links.
 * @param known the identity of the file when it was read last
 * @param changed must not reject
 */
export async function followFile(
  path: string,
  known: string,
  changed: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const hasChanged = settling(known);
  while (await sleep(interval, true, { signal, ref: false }).catch(() => false))
    if (hasChanged(await fileIdentity(path))) await changed();
}
