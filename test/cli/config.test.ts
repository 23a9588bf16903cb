import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError, environmentOf, formatBytes, readConfig, settingRows } from '../../src/config.js';

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
