import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..');

/** The built server, listening. */
export interface Server {
  url: string;
  process: ChildProcess;
  /** Ends it. @throws Error where it had ended before */
  end(): Promise<void>;
}

/** Starts the built server on a folder of models. */
export async function startServer(folder: string, ...flags: string[]): Promise<Server> {
  const cli = join(root, 'dist', 'src', 'cli.js');
  const args = [cli, folder, '--port', '0', '--log-format', 'json', '--no-cache', ...flags];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = async () => {
    if (server.exitCode !== null) throw new Error('The server ended meanwhile.');
    server.kill('SIGTERM');
    await once(server, 'exit');
  };
  for await (const line of createInterface(server.stdout)) {
    const { url } = JSON.parse(line) as { url?: string };
    if (!url?.startsWith('http')) continue;
    server.stdout.resume();
    return { url, process: server, end };
  }
  throw new Error('The server ended before it listened.');
}
