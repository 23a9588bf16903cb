import { createSecureContext } from 'node:tls';
import { type RedisAddress, type RedisTarget, readRedisUrl } from '../../settings/redis-url.js';
import { isSystemError, readWhole, reasonOf } from '../../support/files.js';
import type { ClientOptions } from './client.js';
import { type Asked, RedisError } from './errors.js';
import type { RedisSettings } from './settings.js';

/** Bytes that a file of certificates may have. */
const maxBytes = 2 ** 20;

/** Where Redis is, and how it is connected to. */
export interface Place extends Asked {
  options: ClientOptions;
  database: number;
}

/** What settings say of Redis. @throws RedisError for a file of certificates that can't be used */
export async function placeOf({ url, ca, namespace }: RedisSettings): Promise<Place> {
  const target = readRedisUrl(url);
  const tls = target.isEncrypted ? (ca === undefined ? {} : { ca: await readCertificates(ca) }) : undefined;
  const { user, password, database, sentinel } = target;
  const options: ClientOptions = {
    ...{ username: user, password, db: database, tls, connectionName: `keras-serve:${namespace}` },
    ...(target.primary === undefined
      ? { ...target.addresses[0], path: target.socket }
      : {
          ...{ sentinels: target.addresses, name: target.primary },
          ...{ sentinelUsername: sentinel.user, sentinelPassword: sentinel.password },
          ...{ sentinelTLS: tls, enableTLSForSentinelMode: tls !== undefined },
        }),
  };
  const { isEncrypted } = target;
  return { options, database, where: whereOf(target), prefix: `keras-serve:${namespace}:`, isEncrypted };
}

const addressText = ({ host, port }: RedisAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

function whereOf({ addresses, primary, socket }: RedisTarget): string {
  const names = addresses.map(addressText).join(', ');
  if (socket !== undefined) return `Redis at ${socket}`;
  return primary === undefined ? `Redis at ${names}` : `Redis ${primary} of the Sentinels at ${names}`;
}

async function readCertificates(path: string): Promise<Buffer> {
  try {
    const ca = await readWhole(path, maxBytes);
    // A file without any would be none to Node.
    if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new RedisError(`${path} has no certificate as PEM`);
    createSecureContext({ ca });
    return ca;
  } catch (error) {
    if (error instanceof RedisError) throw error;
    throw new RedisError(
      `The file of --redis-ca can’t be used: ${path}: ${isSystemError(error) ? reasonOf(error) : (error as Error).message}`,
    );
  }
}
