import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networks, proxy, unixPeers } from '../settings/proxies.js';

/** Whether an address is that of a proxy that is believed; undefined is whoever has none. */
export type IsTrusted = (address: string | undefined) => boolean;

/**
 * Whose word on where a request comes from is believed.
 * @param proxies addresses, networks, names of networks, and `unix`
 * @param isUnixSocket whether those who connect have no address, as those of a Unix socket have none. A connection that has ended
 * has none any more, either
 * @throws ConfigError for what is none of these
 */
export function trustedProxies(proxies: readonly string[], isUnixSocket: () => boolean): IsTrusted {
  const list = new BlockList();
  for (const name of proxies.map(proxy).flatMap((name) => networks[name] ?? name)) {
    if (name === unixPeers) continue;
    const [address = '', bits] = name.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  const trustsUnix = proxies.includes(unixPeers);
  return (peer) => {
    if (peer === undefined) return trustsUnix && isUnixSocket();
    // Addresses of the link come with the network's name.
    const [address = ''] = peer.split('%');
    return isIPv4(address) ? list.check(address) : isIPv6(address) && list.check(address, 'ipv6');
  };
}
