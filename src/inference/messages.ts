import type { Signature, Tensors } from '../tensor.js';
import type { EngineModel } from './engine.js';

/** What the server sends to an inference process. */
export type Request =
  | { kind: 'load'; model: EngineModel }
  | { kind: 'run'; id: number; inputs: Tensors; image: boolean };

/** What an inference process answers. `memory` is what it has resident, in bytes. */
export type Reply =
  | { kind: 'loaded'; signature: Signature; memory: number }
  | { kind: 'failed'; message: string }
  | { kind: 'result'; id: number; outputs: Tensors; milliseconds: number; memory: number }
  | { kind: 'error'; id: number; message: string };
