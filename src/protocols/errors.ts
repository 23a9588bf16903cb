/** A request that isn't as its protocol wants it. The message says what is wrong where. */
export class ProtocolRequestError extends Error {
  override readonly name = 'ProtocolRequestError';
  readonly code = 'body_invalid';
}
