/**
 * A process that reads files beside models: what a hostile one takes in time and memory is its own, and goes with it. It ends
 * when its parent does, or lets it go.
 */
import { serialize } from 'node:v8';
import type { Reading, ReadReply, ReadRequest } from './read-messages.js';
import { readContent } from './readers.js';

function packed(reading: Reading): Uint8Array {
  try {
    return serialize(reading);
  } catch {
    return serialize({ refused: 'holds what is nested too deeply' } satisfies Reading);
  }
}

async function answer({ reader, bytes, part }: ReadRequest): Promise<ReadReply> {
  try {
    return { reading: packed(await readContent(reader, bytes, part)) };
  } catch (error) {
    return { error: error as Error };
  }
}

process.on('message', async (request: ReadRequest) => process.send?.(await answer(request)));
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.send?.('ready');
