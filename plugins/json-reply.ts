import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { mapTensors } from '../src/inference/batch.js';
import type { Tensors } from '../src/tensor.js';

/** Tensors that can be moved to a thread, with all memory that moves. */
export interface MovableTensors {
  tensors: Tensors;
  /** How many elements they have. */
  size: number;
  transfer: ArrayBuffer[];
}

/** Copies of what a model gave: its memory may be shared with what other requests of the batch get. */
export function movable(outputs: Tensors): MovableTensors {
  const tensors = mapTensors(outputs, (tensor) => ({ ...tensor, data: tensor.data.slice() }));
  const datas = Object.values(tensors).map(({ data }) => data);
  return {
    tensors,
    size: datas.reduce((sum, { length }) => sum + length, 0),
    transfer: datas.map(({ buffer }) => buffer as ArrayBuffer),
  };
}

/** Sends a body that is in pieces. */
export function sendPieces(reply: FastifyReply, pieces: readonly Uint8Array[]): FastifyReply {
  const [first] = pieces;
  if (pieces.length === 1) return reply.send(Buffer.from(first!.buffer, first!.byteOffset, first!.byteLength));
  reply.header(
    'content-length',
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  return reply.send(Readable.from(pieces));
}
