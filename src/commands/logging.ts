import { type Logger, pino, stdSerializers } from 'pino';
import type { Config } from '../settings/settings.js';

/** The log, on standard output: JSON for machines, coloured lines on a terminal. */
export async function createLogger({ logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>): Promise<Logger> {
  const options = { level: logLevel, base: undefined, serializers: { err: stdSerializers.err } };
  if (logFormat === 'json' || (logFormat === 'auto' && !process.stdout.isTTY)) return pino(options);
  // Loaded for people alone: a server under a supervisor starts the sooner.
  const { default: pretty } = await import('pino-pretty');
  return pino(
    options,
    pretty({ singleLine: true, translateTime: 'HH:MM:ss', ignore: 'client,method,url,status,id,ms', sync: true }),
  );
}
