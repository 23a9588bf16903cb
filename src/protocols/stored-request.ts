import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { InternalSignal } from '../support/errors.js';
import { RawBody } from './body.js';
import type { FormPart } from './predict/form-parts.js';
import type { KeptMessage } from './protocol.js';

/** A request to a protocol as bytes: whoever has the same protocols can answer it. */
export interface StoredRequest {
  /** The prefix of the protocol. */
  protocol: string;
  /** The parts of its address that name the model. */
  address: object;
  message: object;
}

/** A request that can't be read: it was stored by another version of keras-serve, or is damaged. */
export class StoredRequestError extends InternalSignal {}

const Head = Compile(
  Type.Object({
    format: Type.Literal(1),
    protocol: Type.String(),
    address: Type.Object({}),
    /** The message without its body. */
    fields: Type.Object({}),
    /** The fields of a form; the body is none where they are left out. */
    parts: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          isFile: Type.Boolean(),
          mediaType: Type.Optional(Type.String()),
          fileName: Type.Optional(Type.String()),
          length: Type.Integer({ minimum: 0 }),
        }),
      ),
    ),
  }),
);

interface Body {
  parts?: readonly object[];
  chunks: readonly Uint8Array[];
}

/** A request that was kept, in chunks: the length of the head as 32 bits, little-endian; the head, which is JSON; the body. */
export async function storeRequest(
  protocol: string,
  address: object,
  { message }: KeptMessage<unknown>,
): Promise<readonly Uint8Array[]> {
  const { body, ...fields } = message as { body: RawBody | { parts(most: number): Promise<FormPart[]> } };
  const { parts, chunks } = body instanceof RawBody ? { chunks: body.chunks } : formOf(await body.parts(0));
  const head = Buffer.from(JSON.stringify({ format: 1, protocol, address, fields, parts }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return [length, head, ...chunks];
}

const formOf = (parts: readonly FormPart[]): Body => ({
  parts: parts.map(({ bytes, ...part }) => ({ ...part, length: bytes.length })),
  chunks: parts.map(({ bytes }) => bytes),
});

/** The request that was stored; its body lies in the memory of the bytes. @throws StoredRequestError */
export function readStoredRequest(bytes: Buffer<ArrayBuffer>): StoredRequest {
  const head = bytes.length < 4 ? 0 : bytes.readUInt32LE(0);
  const { protocol, address, fields, parts } = headIn(bytes.subarray(4, 4 + head));
  const body = bytes.subarray(4 + head);
  if (!parts) return { protocol, address, message: { ...fields, body: new RawBody([body], body.length).kept } };
  let start = 0;
  const form = parts.map(({ length, ...part }): FormPart => {
    if (start + length > body.length) throw new StoredRequestError('The request is cut off.');
    start += length;
    return { ...part, bytes: body.subarray(start - length, start) };
  });
  return { protocol, address, message: { ...fields, body: { parts: async () => form } } };
}

function headIn(bytes: Uint8Array) {
  try {
    const head: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (Head.Check(head)) return head;
  } catch {
    // Said below.
  }
  throw new StoredRequestError('The request was stored by another version of keras-serve.');
}
