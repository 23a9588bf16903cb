import { ConfigError } from './config-error.js';

/** The most characters of a path that stands before addresses. */
const longest = 200;

/**
 * A path that can stand before addresses: segments of letters, digits and `._~-`, none of them empty, `.` or `..`. It comes
 * without a slash at its end, so that `/` is empty.
 */
export const path = (text: string): string => {
  const path = text.replace(/\/$/, '');
  const isPath = text !== '' && path.length <= longest && /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)*$/.test(path);
  if (isPath) return path;
  throw new ConfigError(`must be a path such as /models-api, of letters, digits and ._~-, up to ${longest} characters`);
};

/** What answers above the base path, too: those who probe and scrape a server come by no proxy. */
const everywhere = ['/health', '/metrics'];

/** Whether an address without its origin lies at a path or below it. */
export const isBelow = (path: string, address: string): boolean =>
  address.startsWith(path) && /^([/?#]|$)/.test(address.slice(path.length));

/** Whether an address answers whatever the base path is. */
export const isEverywhere = (address: string): boolean => everywhere.some((path) => isBelow(path, address));

/** A path below which everything answers. It takes the place of nothing that answers above it. */
export const basePath = (text: string): string => {
  const base = path(text);
  if (!isEverywhere(base)) return base;
  throw new ConfigError(`must not begin with ${everywhere.join(' or ')}, which answer above it`);
};
