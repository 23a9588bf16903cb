import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/support/package.js';
import { exchange } from './exchange.js';
import { temporaryFolder } from './folder.js';
import { run } from './run.js';

/** What of a file of `deploy/` is another on every machine: as it stands there, and as it is here. */
type Places = readonly (readonly [there: string, here: string])[];

/** Where a proxy listens, what it hands on to, and the certificate that it shows. */
interface Setup {
  port: number;
  plainPort: number;
  target: string;
  folder: string;
}

interface RealProxy {
  /** The example, in `deploy/`. */
  file: string;
  places(setup: Setup): Places;
  /** The command that runs it, given the example as it is here. */
  command(example: string, setup: Setup): string[];
}

const nginxFolders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** The proxies that `deploy/` has examples for, by the names of their programs. */
export const realProxies: Readonly<Record<string, RealProxy>> = {
  nginx: {
    file: 'nginx.conf',
    places: ({ port, plainPort, target, folder }) => [
      ['server 127.0.0.1:5000;', `server ${target};`],
      ['listen 80;', `listen 127.0.0.1:${plainPort};`],
      ['listen [::]:80;', ''],
      ['listen 443 ssl http2;', `listen 127.0.0.1:${port} ssl http2;`],
      ['listen [::]:443 ssl http2;', ''],
      ['/etc/nginx/tls', folder],
    ],
    command(example, { folder }) {
      const main = join(folder, 'main.conf');
      const temporary = nginxFolders.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n');
      const http = `access_log off;\n${temporary}\ninclude ${example};`;
      writeFileSync(main, `daemon off;\nworker_processes 1;\npid ${folder}/pid;\nevents {}\nhttp {\n${http}\n}\n`);
      return ['nginx', '-e', 'stderr', '-p', folder, '-c', main];
    },
  },
  caddy: {
    file: 'Caddyfile',
    places: ({ port, target, folder }) => [
      ['# keras-serve behind', '{\n\tadmin off\n\tauto_https disable_redirects\n}\n# keras-serve behind'],
      ['models.example.com {', `https://127.0.0.1:${port} {\n\ttls ${folder}/fullchain.pem ${folder}/privkey.pem`],
      ['reverse_proxy 127.0.0.1:5000', `reverse_proxy ${target}`],
    ],
    command: (example) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', example],
  },
};

/** Why a proxy can't be run here, or false; in CI they all are. */
export const noProxy = (program: string): string | false =>
  spawnSync(program, ['-h']).error !== undefined &&
  !process.env.CI &&
  `no ${program} is installed (apt install ${program})`;

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Runs a proxy by its very example in `deploy/`, but for ports, addresses and the certificate.
 * @param url of the server behind it
 * @returns the address of the proxy, and one that it answers without TLS, where the example has one
 */
export async function startRealProxy(t: TestContext, program: string, url: string) {
  const { file, places, command } = realProxies[program]!;
  const folder = temporaryFolder(program);
  // nginx's workers are another user.
  chmodSync(folder, 0o755);
  const setup = { port: await freePort(), plainPort: await freePort(), target: new URL(url).host, folder };
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const files = ['-keyout', join(folder, 'privkey.pem'), '-out', join(folder, 'fullchain.pem')];
  const made = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files]);
  assert.equal(made.code, 0, made.stderr);
  let text = readFileSync(join(packageRoot, 'deploy', file), 'utf8');
  for (const [there, here] of places(setup)) {
    assert.ok(text.includes(there), `deploy/${file} has no "${there}"`);
    text = text.replaceAll(there, here);
  }
  const example = join(folder, file);
  writeFileSync(example, text);
  const [name, ...args] = command(example, setup) as [string, ...string[]];
  const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: folder } });
  t.after(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'close');
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part) => {
      log += part;
    });
  const place = { protocol: 'https:', host: '127.0.0.1', port: setup.port, rejectUnauthorized: false };
  for (const end = Date.now() + 60_000; ; await sleep(20)) {
    assert.ok(child.exitCode === null && Date.now() < end, log);
    if (await exchange({ ...place, path: '/' }).catch(() => undefined)) return { place, plainPort: setup.plainPort };
  }
}
