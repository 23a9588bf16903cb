import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from 'node:tls';
import type { FastifyBaseLogger } from 'fastify';
import { readWhole } from '../support/files.js';
import { settling } from '../support/follow-file.js';
import { type KeyPair, maxBytes, readKeyPair } from './key-pair.js';
import type { KeyPairFiles } from './key-pair-files.js';

/** Milliseconds between two looks at the files. */
const interval = 1_000;

const day = 86_400_000;
/** Days before its end from which a certificate is warned of: whoever renews by machine has done so by then. */
const lastDays = 14;

/** The certificate of the servers of one instance, followed when it is renewed. */
export class Certificate {
  private readonly servers = new Set<Server>();

  private constructor(
    private readonly files: KeyPairFiles,
    private pair: KeyPair,
    private readonly text: string,
  ) {}

  /** @throws KeyPairError */
  static async open(files: KeyPairFiles): Promise<Certificate> {
    // Before it is read: what changes meanwhile is read once more.
    const text = await textOf(files);
    return new Certificate(files, await readKeyPair(files), text);
  }

  /** What a server is made with. */
  get context(): KeyPair['context'] {
    return this.pair.context;
  }

  /** Keeps a server's certificate as it is in the files. */
  use(server: Server): void {
    this.servers.add(server);
  }

  /**
   * Looks at the files again and again, since what the system tells of changes is incomplete for links, network folders and
   * containers. A pair that can't be used is an error in the log, and the one before it stays. Both files change, seldom in one
   * moment: a change counts once two looks found the same.
   */
  async follow(log: FastifyBaseLogger, signal: AbortSignal): Promise<void> {
    this.tell(log, 'serving HTTPS');
    let warned = Date.now();
    const hasChanged = settling(this.text);
    while (await sleep(interval, true, { signal, ref: false }).catch(() => false)) {
      if (hasChanged(await textOf(this.files))) {
        await this.renew(log);
        warned = Date.now();
      }
      if (Date.now() - warned < day) continue;
      warned = Date.now();
      this.warn(log);
    }
  }

  private async renew(log: FastifyBaseLogger): Promise<void> {
    try {
      this.pair = await readKeyPair(this.files);
      for (const server of this.servers) server.setSecureContext(this.pair.context);
      this.tell(log, 'the certificate is renewed');
    } catch (error) {
      log.error(`the certificate stays as it was: ${(error as Error).message}`);
    }
  }

  private tell(log: FastifyBaseLogger, what: string): void {
    const { names, until } = this.facts;
    log.info({ names, until }, `${what}: ${names}, until ${until}`);
    this.warn(log);
  }

  /** Warns of a certificate that clients refuse, or will before long. */
  private warn(log: FastifyBaseLogger): void {
    const { names, until } = this.facts;
    const { validFrom, validTo } = this.pair.certificate;
    const left = Date.parse(validTo) - Date.now();
    if (left < 0) log.error({ names, until }, `the certificate of ${names} ended ${until}: clients refuse it`);
    else if (Date.parse(validFrom) > Date.now())
      log.warn({ names, until }, `the certificate of ${names} begins ${validFrom}: clients refuse it until then`);
    else if (left < lastDays * day)
      log.warn(
        { names, until },
        `the certificate of ${names} ends ${until}, in ${Math.floor(left / day)} days: renew it`,
      );
  }

  private get facts(): { names: string; until: string } {
    const { subject, subjectAltName, validTo } = this.pair.certificate;
    const names = subjectAltName?.replaceAll(/(DNS|IP Address):/g, '') ?? subject?.replaceAll('\n', ', ') ?? 'nobody';
    return { names: names.slice(0, 200), until: new Date(validTo).toISOString() };
  }
}

/** What the files hold, as one text; of those that can't be read, why. */
const textOf = async ({ cert, key }: KeyPairFiles): Promise<string> => {
  const read = (path: string) => readWhole(path, maxBytes).then(String, String);
  return (await Promise.all([read(cert), read(key)])).join('\0');
};
