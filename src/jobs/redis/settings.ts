import { ConfigError } from '../../settings/config-error.js';
import { readRedisUrl } from '../../settings/redis-url.js';
import type { Config } from '../../settings/settings.js';

/** Which Redis, and what of it. */
export interface RedisSettings {
  url: string;
  /** The path of a PEM file: certificates of who signs the server's. */
  ca?: string | undefined;
  namespace: string;
}

/**
 * The Redis that jobs go through; undefined where they are kept in memory.
 * @throws ConfigError where settings contradict each other
 */
export function redisSettings({
  redis,
  redisCa,
  role,
  namespace,
}: Pick<Config, 'redis' | 'redisCa' | 'role' | 'namespace'>): RedisSettings | undefined {
  if (redis === undefined) {
    if (role !== 'all')
      throw new ConfigError(`--role ${role} needs --redis: gateways and workers know of each other by it alone`);
    if (redisCa !== undefined) throw new ConfigError('--redis-ca needs --redis');
    return undefined;
  }
  if (redisCa !== undefined && !readRedisUrl(redis).isEncrypted)
    throw new ConfigError('--redis-ca needs an address of TLS in --redis, rediss:// or rediss+sentinel://');
  return { url: redis, ca: redisCa, namespace };
}
