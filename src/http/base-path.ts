import type { IncomingMessage } from 'node:http';
import { isBelow, isEverywhere } from '../settings/paths.js';

/** An address that no route has. */
const nowhere = '/*';

/**
 * Takes the base path off the addresses of requests, so that all else is as it would be without one. What isn't below it gets
 * an address that nothing has, but for what answers everywhere.
 */
export const takeOff =
  (basePath: string) =>
  ({ url = '' }: IncomingMessage): string => {
    const address = url.replace(/^https?:\/\/[^/?#]*/i, '');
    if (isBelow(basePath, address)) return address.slice(basePath.length).replace(/^(?!\/)/, '/');
    return isEverywhere(address) ? address : nowhere;
  };
