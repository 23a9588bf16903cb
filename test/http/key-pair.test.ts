import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readKeyPair } from '../../src/http/key-pair.js';
import { bundledModel } from '../helpers/app.js';
import { certificateFolder, encrypted, makeCertificate } from '../helpers/certificates.js';
import { runCli } from '../helpers/server.js';

type Folder = ReturnType<typeof certificateFolder>;

/** Files that can't be used, with what is said of them. */
const wrong: Record<string, [change: (folder: Folder) => { cert?: string; key?: string }, message: RegExp]> = {
  'an empty certificate': [
    () => ({ cert: '' }),
    /tls\.crt is empty\. --tls-cert names a file with a certificate, as PEM\.$/,
  ],
  'an empty key': [() => ({ key: '\n' }), /tls\.key is empty\. --tls-key names a file with a private key, as PEM\.$/],
  'a key for a certificate': [({ key }) => ({ cert: key }), /tls\.crt holds a private key\. --tls-cert names /],
  'a certificate for a key': [({ cert }) => ({ key: cert }), /tls\.key holds a certificate\. --tls-key names /],
  'what is no PEM': [() => ({ cert: '0\x82\x01' }), /tls\.crt is no PEM \(-----BEGIN …-----\)\. /],
  'a request for a certificate': [
    () => ({ cert: '-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----' }),
    /tls\.crt holds a request for a certificate\. /,
  ],
  'a broken certificate': [
    ({ cert }) => ({ cert: cert.replace(/\nMII.{20}/, '\nMII') }),
    /The certificate in .*tls\.crt can’t be used: /,
  ],
  'a broken key': [
    ({ key }) => ({ key: key.replace(/\nMI.{20}/, '\nMI') }),
    /The private key in .*tls\.key can’t be used: /,
  ],
  'an encrypted key': [
    ({ key }) => ({ key: encrypted(key) }),
    /tls\.key is encrypted, and nobody is there to type its passphrase\. Decrypt it: openssl pkey -in \S+tls\.key -out /,
  ],
  'the key of another': [
    () => ({ key: makeCertificate().key }),
    /tls\.key is not the key of the certificate in .*tls\.crt/,
  ],
  'a broken one behind that of another key': [
    () => ({ cert: `${makeCertificate().cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` }),
    /The certificate in .*tls\.crt can’t be used: /,
  ],
  'its issuer first': [
    ({ cert }) => ({ cert: makeCertificate().cert + cert }),
    /The certificate that .*tls\.key is for has to stand first in .*tls\.crt, before those of its issuers\.$/,
  ],
};

function write(t: TestContext, change: (folder: Folder) => { cert?: string; key?: string }): Folder {
  const folder = certificateFolder(t);
  for (const [which, text] of Object.entries(change(folder)))
    writeFileSync(folder.paths[which as 'cert' | 'key'], text, 'latin1');
  return folder;
}

describe('a certificate and its key', () => {
  it('are read', async (t) => {
    const { paths, cert } = write(t, ({ cert }) => ({ cert: cert + makeCertificate().cert }));
    const { certificate, context } = await readKeyPair(paths);
    assert.match(certificate.subjectAltName ?? '', /DNS:localhost/);
    assert.ok(String(context.cert).startsWith(cert));
  });

  for (const [what, [change, message]] of Object.entries(wrong))
    it(`are refused by name: ${what}`, async (t) => {
      await assert.rejects(readKeyPair(write(t, change).paths), { name: 'KeyPairError', message });
    });

  it('are refused where there is no such file', async (t) => {
    const { folder, paths } = certificateFolder(t);
    for (const path of [join(folder, 'none.crt'), folder])
      await assert.rejects(readKeyPair({ ...paths, cert: path }), { name: 'KeyPairError' });
  });

  it('that can’t be used end the command before a model is loaded', async (t) => {
    const { flags, paths } = write(t, ({ cert }) => ({ key: cert }));
    const cases: [args: string[], code: number, message: RegExp][] = [
      [
        flags,
        1,
        /^keras-serve: \S+tls\.key holds a certificate\. --tls-key names a file with a private key, as PEM\.\n$/,
      ],
      [['--tls-cert', paths.cert], 2, /^keras-serve: --tls-cert needs --tls-key: .* both or neither\n/],
      [['--tls-key', paths.key], 2, /^keras-serve: --tls-key needs --tls-cert: .* both or neither\n/],
    ];
    for (const [args, code, message] of cases) {
      const ended = await runCli(t, [bundledModel, '--port', '0', ...args]).ended;
      assert.equal(ended.code, code);
      assert.match(ended.stderr, message);
      assert.equal(ended.stdout, '');
    }
  });
});
