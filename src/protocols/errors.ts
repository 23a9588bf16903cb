/** A request that isn't as its protocol wants it. The message says what is wrong where. */
export class ProtocolRequestError extends Error {
  override readonly name = 'ProtocolRequestError';
  constructor(
    message: string,
    readonly code: 'body_invalid' | 'json_invalid' | 'base64_invalid' = 'body_invalid',
  ) {
    super(message);
  }
}
