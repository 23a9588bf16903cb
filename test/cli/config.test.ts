import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { environmentOf, readConfig, settingRows } from '../../src/settings/config.js';
import { ConfigError } from '../../src/settings/config-error.js';
import { unknownVariables, withoutServices } from '../../src/settings/environment.js';
import { formatBytes } from '../../src/support/bytes.js';
import { runCli } from '../helpers/server.js';

describe('the configuration', () => {
  it('has sensible defaults', () => {
    const { host, port, maxImageSize, logLevel } = readConfig();
    assert.deepEqual(
      { host, port, maxImageSize, logLevel },
      { host: 'localhost', port: 5000, maxImageSize: 10 * 2 ** 20, logLevel: 'info' },
    );
  });

  it('takes a flag over an environment variable over a default', () => {
    const environment = { KERAS_SERVE_PORT: '6000', PORT: '7000' };
    assert.equal(readConfig({ port: '8000' }, environment).port, 8000);
    assert.equal(readConfig({}, environment).port, 6000);
    assert.equal(readConfig({}, { PORT: '7000' }).port, 7000);
    assert.equal(readConfig({}, { PORT: '' }).port, 5000);
  });

  for (const [text, bytes] of Object.entries({
    '1000': 1000,
    '1B': 1,
    '500KB': 512_000,
    '2 mb': 2 ** 21,
    '1G': 2 ** 30,
    '3k': 3072,
  })) {
    it(`reads a size of ${text}`, () => assert.equal(readConfig({ 'max-image-size': text }).maxImageSize, bytes));
  }

  for (const text of ['', '0', '-1', '1.5MB', 'big', '2GB', 'MB', '1TB', '99999999999999999999']) {
    it(`refuses a size of "${text}"`, () => {
      assert.throws(() => readConfig({ 'max-image-size': text }), {
        name: 'ConfigError',
        message: /^--max-image-size must be a size such as/,
      });
    });
  }

  for (const [text, seconds] of Object.entries({ 30: 30, '30s': 30, '1500ms': 1.5, '5m': 300, '1h': 3600 })) {
    it(`reads a duration of ${text}`, () => assert.equal(readConfig({ deadline: text }).deadline, seconds));
  }

  for (const text of ['', '0', '-1', '50ms', '1.5', '1 s', '2h', '1d', 'soon', '5M', 'm']) {
    it(`refuses a deadline of "${text}"`, () => {
      assert.throws(() => readConfig({ deadline: text }), {
        name: 'ConfigError',
        message: `--deadline must be a duration such as 30, 30s, 50ms or 1d, from 1s to 1h, but is "${text}"`,
      });
    });
  }

  for (const text of ['', '-1', '65536', '80.5', '0x50', 'http', ' 80']) {
    it(`refuses a port of "${text}"`, () => {
      assert.throws(
        () => readConfig({ port: text }),
        (error) => error instanceof ConfigError && /^--port must be a whole number from 0 to 65535/.test(error.message),
      );
    });
  }

  it('names the environment variable that is wrong', () => {
    assert.throws(() => readConfig({}, { KERAS_SERVE_LOG_LEVEL: 'loud' }), {
      message: /^KERAS_SERVE_LOG_LEVEL must be one of trace, .*"loud"$/,
    });
  });

  for (const [on, off] of [
    ['1', '0'],
    ['true', 'FALSE'],
    ['Yes', 'no'],
    ['ON', 'off'],
  ] as const) {
    it(`reads ${on} and ${off} for every switch`, () => {
      const names = ['strict', 'watch', 'noCache'] as const;
      const environment = (value: string) => Object.fromEntries(names.map((name) => [environmentOf(name)[0]!, value]));
      for (const name of names) {
        assert.equal(readConfig({}, environment(on))[name], true);
        assert.equal(readConfig({}, environment(off))[name], false);
      }
    });
  }

  for (const text of ['2', 'maybe', 'constructor']) {
    it(`refuses a switch of "${text}"`, () => {
      assert.throws(() => readConfig({}, { KERAS_SERVE_WATCH: text }), {
        message: `KERAS_SERVE_WATCH must be true or false (or yes, no, on, off, 1, 0), but is "${text}"`,
      });
    });
  }

  it('names every setting as a flag and in the environment', () => {
    assert.deepEqual(environmentOf('maxImageSize'), ['KERAS_SERVE_MAX_IMAGE_SIZE']);
    for (const { flag, environment, description } of settingRows()) {
      assert.match(flag, /^--[a-z-]+( <[a-z]+>)?$/);
      assert.match(environment, /^KERAS_SERVE_[A-Z_]+(, [A-Z]+)*$/);
      assert.ok(description);
    }
  });

  it('writes sizes as people do', () => {
    assert.deepEqual([100, 1024, 10 * 2 ** 20, 1.5 * 2 ** 30].map(formatBytes), [
      '100 bytes',
      '1 KB',
      '10 MB',
      '1.5 GB',
    ]);
  });
});

describe('the environment', () => {
  it('is looked through for what is no setting, and the nearest is named', () => {
    assert.deepEqual(
      unknownVariables({ KERAS_SERVE_WATCH: '1', KERAS_SERVE_TENSORFLOW_BACKEND: 'wasm', PATH: '' }),
      [],
    );
    assert.deepEqual(unknownVariables({ KERAS_SERVE_WACH: '1', KERAS_SERVE_FOO: '', keras_serve_port: '1' }), [
      'The environment variable KERAS_SERVE_WACH is no setting. Did you mean KERAS_SERVE_WATCH?',
      'The environment variable KERAS_SERVE_FOO is no setting: it does nothing.',
      'The environment variable keras_serve_port is no setting. Did you mean KERAS_SERVE_PORT?',
    ]);
    assert.deepEqual(unknownVariables({ KERAS_SERVE_WATHC: '1', KERAS_SERVE_NO_WATCH: '1' }), [
      'The environment variable KERAS_SERVE_WATHC is no setting. Did you mean KERAS_SERVE_WATCH?',
      'The environment variable KERAS_SERVE_NO_WATCH is no setting. Did you mean KERAS_SERVE_WATCH=false?',
    ]);
  });

  it('may have what Kubernetes sets for a Service called keras-serve', () => {
    const environment = {
      KERAS_SERVE_PORT: 'tcp://10.0.0.7:80',
      KERAS_SERVE_PORT_80_TCP: 'tcp://10.0.0.7:80',
      KERAS_SERVE_PORT_80_TCP_ADDR: '10.0.0.7',
      KERAS_SERVE_SERVICE_HOST: '10.0.0.7',
      KERAS_SERVE_SERVICE_PORT_HTTP: '80',
    };
    assert.deepEqual(unknownVariables(environment), []);
    assert.equal(readConfig({}, withoutServices(environment)).port, 5000);
  });

  it('is warned of on the command line', async (t) => {
    const { code, stdout, stderr } = await runCli(t, ['applications', '--json'], { KERAS_SERVE_WACH: 'on' }).ended;
    assert.equal(code, 0);
    assert.ok(JSON.parse(stdout).length > 0);
    assert.equal(
      stderr,
      'keras-serve: The environment variable KERAS_SERVE_WACH is no setting. Did you mean KERAS_SERVE_WATCH?\n',
    );
  });
});
