/** Values in force are read as options once more: by the command line of its own server. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { appSettings, readAppOptions } from '../../src/options.js';
import { type Flags, readConfig } from '../../src/settings/config.js';

const flags: Flags = {
  ...{ 'base-path': '/api/', 'trust-proxy': ['10.0.0.0/8', 'loopback,::1'], 'cors-origin': 'https://A.example.com' },
  ...{ 'rate-limit': '5/10s', 'webhook-host': 'Hooks.example.com:8443', 'weights-url': 'https://example.com/m/' },
  ...{ 'webhook-secret': `whsec_${Buffer.alloc(24).toString('base64')}`, 'max-image-size': '2mb', 'job-ttl': '2h' },
  ...{ redis: 'redis://:secret@localhost:6379/1', role: 'worker', namespace: 'pets', 'max-attempts': '5' },
  ...{ open: 'metrics,models', deadline: '1500ms', 'max-batch': 'auto', 'tls-cert': 'none', watch: true },
};

describe('settings in force', () => {
  for (const [which, given] of Object.entries({ 'the defaults': {}, 'what is said': flags }))
    it(`are options that mean the same: ${which}`, () => {
      const config = appSettings(readConfig(given));
      const { model: _, ...again } = readAppOptions({ ...config, model: 'm' });
      assert.deepEqual(appSettings(again), config);
    });
});
