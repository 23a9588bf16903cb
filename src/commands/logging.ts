import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import type { Config } from '../settings/settings.js';

/** Standard output: lines of one turn of the event loop go in one write, of which each is a call of the system. */
function inTurns(): DestinationStream & { flushSync(): void } {
  const output = pino.destination({ dest: 1, sync: true });
  let lines = '';
  const flushSync = () => {
    if (lines !== '') output.write(lines);
    lines = '';
  };
  process.on('exit', flushSync);
  return {
    write(line) {
      if (lines === '') setImmediate(flushSync);
      lines += line;
    },
    flushSync,
  };
}

/** The log, on standard output: JSON for machines, coloured lines on a terminal. */
export async function createLogger({ logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>): Promise<Logger> {
  const options = { level: logLevel, base: undefined, serializers: { err: stdSerializers.err } };
  if (logFormat === 'json' || (logFormat === 'auto' && !process.stdout.isTTY)) return pino(options, inTurns());
  // Loaded for people alone: a server under a supervisor starts the sooner.
  const { default: pretty } = await import('pino-pretty');
  return pino(
    options,
    pretty({ singleLine: true, translateTime: 'HH:MM:ss', ignore: 'client,method,url,status,id,ms', sync: true }),
  );
}
