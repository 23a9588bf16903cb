import { isIP } from 'node:net';
import { ConfigError } from './config-error.js';

/** Networks by name. */
export const networks: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** Whoever comes by a Unix socket: he has no address, and the socket's file says who may connect. */
export const unixPeers = 'unix';

/** Why what other servers take is refused. */
const reasons: Record<string, string> = {
  everybody: 'whom everybody is believed by can be told any address by any client',
  hops: 'a number of proxies says nothing of who it is that connects',
};

const refusalOf = (text: string): string | undefined =>
  /^(true|all|\*)$|\/0+$/.test(text) ? reasons.everybody : /^\d+$/.test(text) ? reasons.hops : undefined;

/** The address of a proxy, a network of them, the name of one, or `unix`. */
export const proxy = (text: string): string => {
  const [address = '', bits, ...rest] = text.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)];
  const isNetwork = most !== undefined && rest.length === 0 && isLength(bits, most);
  if (isNetwork || text === unixPeers || Object.hasOwn(networks, text)) return text;
  const reason = refusalOf(text);
  throw new ConfigError(
    `must be addresses or networks such as 10.0.0.0/8 or ::1, or ${Object.keys(networks).join(', ')} or ${unixPeers}${reason ? ` (${reason})` : ''}`,
  );
};

/** Whether it is the number of a network's leading bits; an address alone has none. All addresses are no network. */
const isLength = (bits: string | undefined, most: number): boolean =>
  bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most);
