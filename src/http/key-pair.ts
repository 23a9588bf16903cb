import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { KnownError } from '../support/errors.js';
import { isSystemError, readWhole, reasonOf } from '../support/files.js';
import type { KeyPairFiles } from './key-pair-files.js';

/** A certificate and its key, which belong together. */
export interface KeyPair {
  /** The server's own certificate. */
  certificate: X509Certificate;
  /** What Node makes a server's secure context of. */
  context: SecureContextOptions;
}

/** A certificate or a key that can't be used; the message names the file. */
export class KeyPairError extends KnownError {
  readonly audience = 'operator';
  readonly code = 'certificate_invalid';
}

/** Bytes that a file of certificates or a key may have. */
export const maxBytes = 2 ** 20;

/** What all clients of the last ten years speak with forward secrecy (RFC 9325, section 4.2); those of TLS 1.3 stand first. */
const ciphers = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
].join(':');

/** What a file of PEM may hold, in words. What comes first is looked for first. */
const contents: readonly [pattern: RegExp, what: string][] = [
  [/^-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/m, 'a certificate'],
  [/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m, 'an encrypted private key'],
  [/^-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/m, 'a private key'],
  [/^-----BEGIN ([A-Z]+ )?PUBLIC KEY-----/m, 'a public key'],
  [/^-----BEGIN (NEW )?CERTIFICATE REQUEST-----/m, 'a request for a certificate'],
];

/** Reads a certificate and its key. @throws KeyPairError that says which file is wrong, how, and what to do */
export async function readKeyPair(files: KeyPairFiles): Promise<KeyPair> {
  const [cert, key] = await Promise.all([readText(files.cert), readText(files.key)]);
  expect(cert, 'a certificate', files.cert, '--tls-cert');
  if (has(key, 'an encrypted private key'))
    throw new KeyPairError(
      `${files.key} is encrypted, and nobody is there to type its passphrase. Decrypt it: openssl pkey -in ${files.key} -out decrypted.pem`,
    );
  expect(key, 'a private key', files.key, '--tls-key');
  const certificate = attempt(files.cert, 'certificate', () => new X509Certificate(cert));
  const privateKey = attempt(files.key, 'private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    const others = cert.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    const isLater = others.some((text) =>
      attempt(files.cert, 'certificate', () => new X509Certificate(text)).checkPrivateKey(privateKey),
    );
    throw new KeyPairError(
      isLater
        ? `The certificate that ${files.key} is for has to stand first in ${files.cert}, before those of its issuers.`
        : `${files.key} is not the key of the certificate in ${files.cert}: they have to be made together.`,
    );
  }
  const context: SecureContextOptions = {
    cert,
    key,
    ciphers,
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
  attempt(files.cert, 'certificate', () => createSecureContext(context));
  return { certificate, context };
}

const readText = async (path: string): Promise<string> => {
  try {
    return (await readWhole(path, maxBytes)).toString('latin1');
  } catch (error) {
    throw new KeyPairError(isSystemError(error) ? `${path}: ${reasonOf(error)}.` : (error as Error).message);
  }
};

const has = (text: string, what: string): boolean =>
  contents.some(([pattern, held]) => held === what && pattern.test(text));

/** @throws KeyPairError where a file doesn't hold what it should */
function expect(text: string, what: string, path: string, flag: string): void {
  if (has(text, what)) return;
  const [, held] = contents.find(([pattern]) => pattern.test(text)) ?? [];
  const found = text.trim() === '' ? 'is empty' : held ? `holds ${held}` : 'is no PEM (-----BEGIN …-----)';
  throw new KeyPairError(`${path} ${found}. ${flag} names a file with ${what}, as PEM.`);
}

function attempt<T>(path: string, what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new KeyPairError(`The ${what} in ${path} can’t be used: ${(error as Error).message}.`);
  }
}
