/**
 * Asks the registry for known holes in what users get and in what developers use, apart. One in what developers use may be explained
 * in docs/dependencies.md, by its GHSA number; in what users get none may be. Flags go to npm.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/support/package.js';
import { dependenciesOf } from './dependencies.js';

interface Advisory {
  title: string;
  url: string;
}

interface Report {
  message?: string;
  vulnerabilities?: Record<string, { via: (Advisory | string)[] }>;
}

const explanations = readFileSync(join(packageRoot, 'docs', 'dependencies.md'), 'utf8');
const isExplained = ({ url }: Advisory) => explanations.includes(url.split('/').at(-1)!);

/** What is known of packages, by their names. @throws Error where the registry doesn't say */
function audit(): { name: string; advisory: Advisory }[] {
  const args = ['audit', '--json', '--package-lock-only', ...process.argv.slice(2)];
  const { stdout } = spawnSync('npm', args, {
    cwd: packageRoot,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const { vulnerabilities, message = 'npm audit gave no report' } = JSON.parse(stdout || '{}') as Report;
  if (!vulnerabilities) throw new Error(`The registry was not asked: ${message}`);
  return Object.entries(vulnerabilities).flatMap(([name, { via }]) =>
    // What only depends on it is a text.
    via.flatMap((advisory) => (typeof advisory === 'string' ? [] : [{ name, advisory }])),
  );
}

try {
  // What is built into dist is no dependency of users to npm.
  const shipped = new Set(dependenciesOf(packageRoot).map(({ name }) => name));
  for (const { name, advisory } of audit()) {
    const isShipped = shipped.has(name);
    const explained = !isShipped && isExplained(advisory);
    const whose = isShipped ? 'users get' : 'developers use';
    console.error(`${whose} ${name}: ${advisory.title} (${advisory.url})${explained ? ', which is explained' : ''}`);
    if (!explained) process.exitCode = 1;
  }
  if (!process.exitCode) console.log('Nothing is known but what is explained in docs/dependencies.md.');
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
