import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** The connection below a secure one. Node has no other name for it. */
export const socketBelow = (socket: TLSSocket): Socket => (socket as TLSSocket & { _parent: Socket })._parent;
