/** What comes with keras-serve: its licences are listed and looked at, and known holes are found. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { dependenciesOf, withLicences } from '../../scripts/dependencies.js';
import { packageRoot } from '../../src/support/package.js';
import { run } from '../helpers/run.js';

const document = readFileSync(join(packageRoot, 'docs', 'dependencies.md'), 'utf8');
const dependencies = dependenciesOf(packageRoot);

/** Licences that ask for no more than that they are kept with the code. */
const permissive = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  '(MIT OR CC0-1.0)',
  '0BSD',
];

describe('the list of licences', () => {
  it('is up to date', () => assert.equal(document, withLicences(document, dependencies), 'npm run licences'));

  it('has licences that ask for nothing, but for those that are explained', () => {
    const others = dependencies.filter(({ licence }) => !permissive.includes(licence));
    for (const { name, licence } of others)
      if (name.startsWith('@img/sharp-')) assert.match(licence, /LGPL-3\.0-or-later/);
      else assert.equal(name, 'h5wasm');
    assert.ok(others.length > 0);
    assert.match(document, /libvips[^.]*\*\*LGPL-3\.0-or-later\*\*/);
    assert.match(document, /\*\*h5wasm\*\*/);
  });

  it('has all that is installed or built in', () => {
    const how = (name: string) => {
      const { isInstalled, isBundled } = dependencies.find((one) => one.name === name)!;
      return [isInstalled, isBundled];
    };
    assert.deepEqual(['sharp', 'fastify', 'typebox'].map(how), [
      [true, false],
      [false, true],
      [true, true],
    ]);
  });
});

/** A registry that knows of a hole in each of these packages; of none where it is asked at another address. */
async function registry(t: TestContext, names: readonly string[]): Promise<string> {
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json');
    // npm looks whether later versions have the hole, too.
    const name = decodeURIComponent(request.url!.slice(1));
    if (request.method === 'GET')
      return response.end(JSON.stringify({ name, versions: { '1.0.0': { name, version: '1.0.0' } } }));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const asked = JSON.parse(
      (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString() || '{}',
    );
    const holes = names
      .filter((name) => name in asked)
      .map((name) => [
        name,
        [
          {
            id: 1,
            url: `https://github.com/advisories/GHSA-test-of-${name}`,
            title: 'A hole',
            severity: 'high',
            vulnerable_versions: '*',
          },
        ],
      ]);
    response.end(JSON.stringify(Object.fromEntries(holes)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('npm run audit', () => {
  const audit = (url: string) =>
    run(process.execPath, ['--import', 'tsx', 'scripts/audit.ts', `--registry=${url}`, '--fetch-retries=0']);

  it('is content where nothing is known', async (t) => {
    const { code, stdout } = await audit(await registry(t, []));
    assert.deepEqual([code, stdout.startsWith('Nothing is known')], [0, true]);
  });

  it('tells what users get from what developers use, and fails for either', async (t) => {
    const users = await audit(await registry(t, ['sharp', 'fastify']));
    assert.equal(users.code, 1);
    assert.match(users.stderr, /^users get sharp: A hole \(https:\S+GHSA-test-of-sharp\)$/m);
    assert.match(users.stderr, /^users get fastify: A hole/m);
    const developers = await audit(await registry(t, ['typescript']));
    assert.equal(developers.code, 1);
    assert.match(developers.stderr, /^developers use typescript: A hole/m);
    assert.doesNotMatch(developers.stderr, /users get/);
  });

  it('says where the registry has no audits', async (t) => {
    const server = createServer((_request, response) => response.writeHead(405).end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const { code, stderr } = await audit(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    assert.equal(code, 2);
    assert.match(stderr, /^The registry was not asked: /);
  });
});
