import { ConfigError } from '../settings/config-error.js';
import type { Config } from '../settings/settings.js';

/** The paths of a certificate and of its private key. */
export interface KeyPairFiles {
  cert: string;
  key: string;
}

/**
 * The files that HTTPS is served with; undefined where it isn't.
 * @throws ConfigError where one is named and the other isn't
 */
export function keyPairFiles({ tlsCert, tlsKey }: Pick<Config, 'tlsCert' | 'tlsKey'>): KeyPairFiles | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert !== undefined && tlsKey !== undefined) return { cert: tlsCert, key: tlsKey };
  const [given, missing] = tlsCert === undefined ? ['--tls-key', '--tls-cert'] : ['--tls-cert', '--tls-key'];
  throw new ConfigError(`${given} needs ${missing}: HTTPS takes a certificate and its private key, both or neither`);
}
