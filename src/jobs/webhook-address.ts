import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { JobError } from './errors.js';

/** Networks that aren't on the internet, by the registries of IANA for special-purpose addresses. */
const networks: readonly (readonly [address: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

const closed = new BlockList();
for (const [address, prefix] of networks) closed.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4');
// An IPv4 address as an IPv6 one is looked for among those of IPv4, too.
/** Whether an address is none of the internet. */
export const isPrivate = (address: string): boolean => closed.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

const bare = (host: string) => host.replace(/^\[|\]$/g, '');

/**
 * The address to tell of a job's end.
 * @param hosts that may be told: names, or literal addresses, which may be private ones and without TLS, for the operator has named them;
 *   with `:port` where it is another than the scheme's
 * @throws JobError where it is none, or of another host
 */
export function webhookAddress(text: string, hosts: readonly string[]): URL {
  const refuse = (why: string) => new JobError('webhook_refused', `"webhook" ${why}.`);
  const url = text.length <= 2000 && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw refuse('should be an address such as https://example.com/done');
  if (url.username || url.password) throw refuse('may hold no user and no password');
  if (!hosts.includes(url.host))
    throw refuse('is of a host that isn’t allowed here: the operator names those with --webhook-host');
  if (url.protocol === 'http:' && isIP(bare(url.hostname)) === 0) throw refuse('should begin with https://');
  return url;
}

/** Resolves a name to addresses of the internet alone: whoever owns a name may let it be any address, at any time. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const open = addresses?.filter(({ address }) => !isPrivate(address)) ?? [];
    const [first] = open;
    if (error) callback(error, '', 0);
    else if (!first) callback(new Error(`${hostname} has no public address`), '', 0);
    else if (options.all) callback(null, open);
    else callback(null, first.address, first.family);
  });
};
