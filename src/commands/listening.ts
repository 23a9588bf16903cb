import { once } from 'node:events';
import { chmod, lstat, unlink } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type ListenOptions, type Server } from 'node:net';
import type { FastifyInstance, FastifyListenOptions } from 'fastify';
import { descriptor, socketFile } from '../settings/hosts.js';
import type { Config } from '../settings/settings.js';
import { CommandError } from './errors.js';

type Place = Pick<Config, 'host' | 'port'>;

/** Where a server is: the address that requests have, and the Unix socket by which they come. */
export interface Served {
  url: string;
  socket?: string | undefined;
}

/** What the system says of places to listen at, as what to do about it. */
const explanations = {
  address: {
    EADDRINUSE: ({ port }) =>
      `Port ${port} is in use. Stop the program that uses it, or choose another port: --port ${port === 65535 ? 5000 : port + 1}`,
    EACCES: ({ port }) => `Port ${port} may not be used by this user. Choose one from 1024 up: --port 5000`,
    EADDRNOTAVAIL: ({ host }) => `This machine has no address ${host}. Choose another with --host`,
    ENOTFOUND: ({ host }) => `There is no host called ${host}. Choose another with --host`,
    EAI_AGAIN: ({ host }) => `The host ${host} can't be looked up. Choose another with --host`,
  },
  socket: {
    EADDRINUSE: ({ host }) => `${host} is in use. Stop the server that uses it, or choose another with --host`,
    // For a folder that is missing, too: libuv makes no difference.
    EACCES: ({ host }) => `${host} can't be made: its folder isn't there, or this user may not write there`,
    EROFS: ({ host }) => `${host} can't be made: its folder is read-only. Choose another with --host`,
    ENOTDIR: ({ host }) => `${host} can't be made: its folder is none`,
  },
} satisfies Record<string, Record<string, (place: Place) => string>>;

/** Turns what the system says of a place into what to do about it. */
const explain = (place: Place) => (error: unknown) => {
  if (descriptor(place.host) !== undefined)
    throw new CommandError(`${place.host} is no socket to listen on. systemd gives one with a unit of type .socket`);
  const table: Record<string, (place: Place) => string> =
    socketFile(place.host) === undefined ? explanations.address : explanations.socket;
  const explanation = table[(error as NodeJS.ErrnoException).code ?? ''];
  throw explanation ? new CommandError(explanation(place)) : error;
};

/**
 * Takes the place and gives it back: whoever can't have it needn't wait for the model. The socket of a server that died is removed.
 * @throws CommandError
 */
export async function takePlace({ host, port }: Place): Promise<void> {
  if (descriptor(host) !== undefined) return;
  const file = socketFile(host);
  const options: ListenOptions = file === undefined ? { host, port } : { path: file };
  try {
    if (file !== undefined) await removeStale(file);
    const server = createServer().listen(options);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  } catch (error) {
    explain({ host, port })(error);
  }
}

/** Removes a socket on which nobody listens. Any other file stays, and is in the way. */
async function removeStale(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (!found) return;
  if (!found.isSocket())
    throw new CommandError(`${file} is there already, and is no Unix socket. Choose another with --host`);
  const socket = connect(file);
  try {
    await once(socket, 'connect');
  } catch (error) {
    // Any other error is another's socket.
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') return;
    await unlink(file);
  } finally {
    socket.destroy();
  }
}

/** Gives a server an address where it has none: Node knows none of a Unix socket that another opened, and Fastify asks for one. */
function nameAddress(server: Server, name: string): void {
  const own = server.address.bind(server);
  server.address = () => own() ?? name;
}

/** Has the app listen where it should. @throws CommandError */
export async function listen(app: FastifyInstance, { host, port, socketMode }: Place & Pick<Config, 'socketMode'>) {
  const file = socketFile(host);
  const fd = descriptor(host);
  // With another host than localhost Fastify listens on one address alone.
  const inherited = { fd, host: '' } as FastifyListenOptions;
  const options = file !== undefined ? { path: file } : fd !== undefined ? inherited : { host, port };
  if (file !== undefined) await removeStale(file);
  if (fd !== undefined) nameAddress(app.server, host);
  await app.listen({ ...options, listenTextResolver: () => 'listening' }).catch(explain({ host, port }));
  if (file !== undefined) await chmod(file, socketMode);
}

/** Where an app that listens is. */
export function placeOf(
  app: FastifyInstance,
  { host, basePath, tlsCert }: Pick<Config, 'host' | 'basePath' | 'tlsCert'>,
): Served {
  const scheme = tlsCert === undefined ? 'http' : 'https';
  const address = app.addresses()[0] as AddressInfo | string | undefined;
  if (typeof address !== 'object') return { url: `${scheme}://localhost${basePath}`, socket: address ?? host };
  const given = descriptor(host) === undefined ? host : address.address;
  const name = ['0.0.0.0', '::'].includes(given) ? 'localhost' : given.includes(':') ? `[${given}]` : given;
  return { url: `${scheme}://${name}:${address.port}${basePath}` };
}
