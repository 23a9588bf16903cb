import { ConfigError } from './config-error.js';
import { text } from './parsers.js';

/** Bytes of the path of a Unix socket that all systems take. A longer one would be cut short without a word. */
const longestPath = 103;

/** A TCP address is a host's name or number; a Unix socket `unix:` and its file; a socket that is there already, `fd:` and its number. */
export const listeningHost = (given: string): string => {
  const address = text(given);
  if (Buffer.byteLength(socketFile(address) ?? '') > longestPath)
    throw new ConfigError(`must name a Unix socket by a path of at most ${longestPath} bytes`);
  if (/^(unix:.|fd:\d{1,6}$)/.test(address) || !/^(unix|fd):|\//.test(address)) return address;
  throw new ConfigError('must be an address, unix:/run/keras-serve.sock for a Unix socket, or fd:3 for one of systemd');
};

/** The file of the Unix socket that a host names. */
export const socketFile = (host: string): string | undefined => /^unix:(.+)$/s.exec(host)?.[1];

/** The number of the open socket that a host names. */
export const descriptor = (host: string): number | undefined =>
  host.startsWith('fd:') ? Number(host.slice(3)) : undefined;

/** What a file may be done with by owner, group and others, in octal digits. */
export const fileMode = (text: string): number => {
  if (!/^0?[0-7]{3}$/.test(text)) throw new ConfigError('must be three octal digits, such as 660');
  return Number.parseInt(text, 8);
};
