/** Whom a webhook may not reach. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPrivate, webhookAddress } from '../../src/jobs/webhook-address.js';

describe('an address of a webhook', () => {
  for (const address of [
    ...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
    ...['224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1'],
    ...['::ffff:10.0.0.1', '::ffff:7f00:1', '64:ff9b::a00:1', '2002:a00:1::', '::127.0.0.1'],
  ])
    it(`is private: ${address}`, () => assert.equal(isPrivate(address), true));

  for (const address of ['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700::1111', '::ffff:1.1.1.1'])
    it(`is public: ${address}`, () => assert.equal(isPrivate(address), false));

  it('has the port of its host', () => {
    const hosts = ['example.com', 'example.org:8443'];
    assert.equal(webhookAddress('https://EXAMPLE.com:443/a', hosts).href, 'https://example.com/a');
    assert.equal(webhookAddress('https://example.org:8443/', hosts).host, 'example.org:8443');
    for (const text of [
      'https://example.com:8443/',
      'https://example.org/',
      'https://sub.example.com/',
      'https://2130706433/',
    ])
      assert.throws(() => webhookAddress(text, hosts), { code: 'webhook_refused' }, text);
  });
});
