/** What ONNX Runtime keeps of its use, to send to its makers: nothing. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { run } from '../helpers/run.js';
import { runCli } from '../helpers/server.js';

/** By these ONNX Runtime knows continuous integration, of which it keeps nothing. */
const continuousIntegration = [
  'CI',
  'TF_BUILD',
  'GITHUB_ACTIONS',
  'GITLAB_CI',
  'JENKINS_URL',
  'TEAMCITY_VERSION',
  'TRAVIS',
  'CIRCLECI',
  'APPVEYOR',
  'BUILDKITE',
  'CODEBUILD_BUILD_ID',
];

/** The environment of a user who has nothing yet, and the files that he has later. */
function newUser(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-telemetry-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [HOME, TMPDIR] = ['home', 'tmp'].map((name) => join(folder, name)) as [string, string];
  for (const made of [HOME, TMPDIR]) mkdirSync(made);
  const files = () => readdirSync(folder, { recursive: true }) as string[];
  const unset = Object.fromEntries([...continuousIntegration, 'ORT_DISABLE_TELEMETRY'].map((name) => [name, '']));
  return { environment: { ...unset, HOME, TMPDIR, XDG_CACHE_HOME: join(HOME, '.cache') }, files };
}

const ofTelemetry = /Microsoft|deviceid|onnxruntime\.db|\.ses$|mat-debug/;

describe('telemetry of ONNX Runtime', () => {
  it('is off in the processes of the server', async (t) => {
    const { environment, files } = newUser(t);
    const server = runCli(t, [bundledModel, '--port', '0', '--log-format', 'json'], environment);
    await server.line('"url":"http://');
    server.child.kill('SIGTERM');
    await server.ended;
    assert.ok(
      files().some((file) => file.includes('keras-serve')),
      'the model was compiled for this user',
    );
    assert.deepEqual(
      files().filter((file) => ofTelemetry.test(file)),
      [],
    );
  });

  it('is off where the library is used', async (t) => {
    const { environment, files } = newUser(t);
    const script = `
      import { loadModel } from ${JSON.stringify(join(packageRoot, 'dist/src/index.js'))};
      const model = await loadModel(${JSON.stringify(bundledModel)}, { processes: 1 });
      await model.close();`;
    const { code, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], environment);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      files().filter((file) => ofTelemetry.test(file)),
      [],
    );
  });
});
