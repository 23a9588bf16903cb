/** Certificates that tests make as they need them: X.509 (RFC 5280) in DER, as little of it as servers and clients ask for. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
/** Object identifiers, as they are encoded. */
const identifiers = {
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
  commonName: Buffer.from('0603550403', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
};
const algorithm = sequence(identifiers.ecdsaWithSha256);
const nameOf = (name: string) => sequence(der(0x31, sequence(identifiers.commonName, der(0x0c, Buffer.from(name)))));
const timeOf = (days: number) => {
  const digits = new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/\.\d+|[-:T]/g, '');
  return der(0x18, Buffer.from(digits));
};
const pem = (bytes: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

export interface MadeCertificate {
  cert: string;
  key: string;
}

/** Days from now in which a certificate is valid, and the name of its subject. */
export interface CertificateOptions {
  from?: number;
  until?: number;
  name?: string;
}

/** A certificate for `localhost` and 127.0.0.1 that is signed by its own key. */
export function makeCertificate({
  from = -1,
  until = 365,
  name = 'localhost',
}: CertificateOptions = {}): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(name),
    sequence(timeOf(from), timeOf(until)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(identifiers.subjectAltName, der(0x04, names)))),
  );
  const signature = sign('sha256', body, privateKey);
  const cert = pem(sequence(body, algorithm, der(0x03, Buffer.from([0]), signature)));
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** A private key that asks for a passphrase. */
export const encrypted = (key: string): string =>
  (createPrivateKey(key) as KeyObject)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
    .toString();

/** A folder with a certificate and its key, until the test ends, with the flags that name them. */
export function certificateFolder(t: TestContext, options: CertificateOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-certificates-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const made = makeCertificate(options);
  const paths = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  for (const which of ['cert', 'key'] as const) writeFileSync(paths[which], made[which]);
  return { folder, ...made, paths, flags: ['--tls-cert', paths.cert, '--tls-key', paths.key] };
}
