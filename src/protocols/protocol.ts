import type { ErrorCode, ErrorReply } from '../../schemas/error.js';
import type { ProtocolError } from '../../schemas/protocol-error.js';
import type { ModelLease } from '../catalog/catalog.js';
import type { ServedModel } from '../catalog/served-model.js';
import type { RequestContext } from '../serving/request-context.js';
import type { Serving } from '../serving/serving.js';
import { ownStrings } from '../support/strings.js';
import type { RaggedTensor, Tensor } from '../support/tensor.js';
import type { TaskRunner } from './task-runner.js';

/** What a protocol answers messages with. */
export interface ProtocolParts {
  readonly serving: Serving;
  readonly tasks: TaskRunner;
}

/** A reply, ready to be sent. */
export interface Reply {
  contentType: string;
  headers?: Record<string, string | number>;
  body: readonly Uint8Array[];
}

/**
 * A way to ask a model: turns messages into what the model is asked, and what it gave into replies. It knows nothing of how
 * messages come and go.
 *
 * @typeParam Address the parts of an address that name a model
 * @typeParam Message what else a message has
 */
export interface Protocol<Address, Message> {
  /** What the paths of its routes begin with. */
  readonly prefix: string;
  /** The body of a reply that says why a request failed. */
  errorBody(code: ErrorCode, message: string): ErrorReply | ProtocolError;
  /** The model that an address names. @throws CatalogError, ProtocolRequestError */
  lease(serving: Serving, address: Address): ModelLease;
  /**
   * A message that can be answered after the exchange in which it came, and more than once.
   * @throws what reading it throws
   */
  keep(message: Message, model: ServedModel): Promise<KeptMessage<Message>>;
  /** @throws ProtocolRequestError, and what reading, running and writing throws; `src/http/failure` knows all of their codes */
  answer(parts: ProtocolParts, lease: ModelLease, message: Message, context: RequestContext): Promise<Reply>;
}

/** A message with all that it consists of. */
export interface KeptMessage<Message> {
  message: Message;
  /** Its body: the same bytes where somebody says the same once more. */
  bytes: readonly Uint8Array[];
}

export const jsonType = 'application/json; charset=utf-8';

/** Tensors that can be moved to a thread. */
export interface TransferableTensors<Output> {
  tensors: Record<string, Output>;
  /** How many elements they have, and bytes of strings. */
  size: number;
  /** All memory that moves. */
  transfer: ArrayBuffer[];
}

/** Copies of what a model gave: its memory may be shared with what other requests of the batch get. */
export function transferable<Output extends Tensor | RaggedTensor>(
  outputs: Record<string, Output>,
): TransferableTensors<Output> {
  const entries = Object.entries(outputs).map(([name, output]) => [name, copyOf(output)] as const);
  const all = entries.flatMap(([, output]) => ('rows' in output ? output.rows : [output]));
  const memories = all.flatMap(({ data, bytes }) => [data, ...(bytes ? [bytes] : [])]);
  return {
    tensors: Object.fromEntries(entries) as Record<string, Output>,
    size: all.reduce((sum, { data, bytes }) => sum + data.length + (bytes?.length ?? 0), 0),
    transfer: memories.map(({ buffer }) => buffer as ArrayBuffer),
  };
}

function copyOf(output: Tensor | RaggedTensor): Tensor | RaggedTensor {
  if ('rows' in output) return { ...output, rows: output.rows.map(ownTensor) };
  return ownTensor(output);
}

const ownTensor = (tensor: Tensor): Tensor =>
  tensor.type === 'string' ? ownStrings(tensor) : { ...tensor, data: tensor.data.slice() };
