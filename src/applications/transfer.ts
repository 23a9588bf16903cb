import { InternalSignal } from '../support/errors.js';
import { packageVersion } from '../support/package.js';
import type { PartFile } from './part-file.js';

/** A transfer that came to nothing: why, as the end of a sentence. */
export class TransferError extends InternalSignal {
  constructor(
    message: string,
    /** Whether another try may do better. */
    readonly passing: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What is fetched. */
export interface Transfer {
  url: string;
  /** The most bytes that are taken. */
  maxBytes: number;
  /** Milliseconds without bytes to speak of after which a try is given up. */
  stallTimeout: number;
  signal: AbortSignal;
  onProgress(received: number, total: number | undefined): void;
}

/** Fewer bytes than this within the time are none to speak of. */
const leastBytes = 16 * 2 ** 10;

/**
 * Fetches what a part lacks: the rest, where the server still has the same content, else all of it.
 * @returns the MD5 of the whole that the server gives, in hexadecimal, if it does
 * @throws TransferError
 */
export async function transfer(part: PartFile, options: Transfer): Promise<string | undefined> {
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(), options.stallTimeout);
  try {
    const response = await fetch(options.url, {
      signal: AbortSignal.any([stall.signal, options.signal]),
      headers: {
        // Of a packed answer neither lengths nor ranges would be those of the file.
        'accept-encoding': 'identity',
        'user-agent': `keras-serve/${packageVersion}`,
        ...(part.size > 0 && part.validator && { range: `bytes=${part.size}-`, 'if-range': part.validator }),
      },
    });
    const total = await begin(part, response);
    options.onProgress(part.size, total);
    const most = Math.min(total ?? options.maxBytes, options.maxBytes);
    if ((total ?? 0) > most) throw await refuse(part, total!, most);
    let mark = part.size;
    if (part.size !== total && response.body) {
      const reader = response.body.getReader();
      for (;;) {
        const { done, value: chunk } = await reader.read();
        if (done) break;
        if (part.size + chunk.length > most) throw await refuse(part, part.size + chunk.length, most);
        await part.append(chunk);
        options.onProgress(part.size, total);
        if (part.size - mark < leastBytes) continue;
        mark = part.size;
        timer.refresh();
      }
    }
    if (part.size < (total ?? 0)) throw new TransferError('the connection broke off', true);
    return md5Of(response);
  } catch (error) {
    if (error instanceof TransferError) throw error;
    options.signal.throwIfAborted();
    if (stall.signal.aborted)
      throw new TransferError(`nothing came for ${Math.round(options.stallTimeout / 1000)} seconds`, true, {
        cause: error,
      });
    throw explain(error as Error, options.url);
  } finally {
    clearTimeout(timer);
    stall.abort();
  }
}

/** The error of a server that gives more than it should; what came of it is forgotten. */
async function refuse(part: PartFile, bytes: number, most: number): Promise<TransferError> {
  await part.restart();
  return new TransferError(`the server gives ${bytes} bytes or more, where at most ${most} were expected`, false);
}

/** Makes the part ready for the body of an answer. @returns the bytes of the whole, if the server says */
async function begin(part: PartFile, response: Response): Promise<number | undefined> {
  const { status, headers } = response;
  if (status === 200) {
    await part.restart(validatorOf(headers));
    return numberOf(headers.get('content-length'));
  }
  const [, first, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (status === 206 && Number(first) === part.size) return numberOf(total);
  // Nothing is left to give: all of it is there.
  if (status === 416 && part.size > 0 && Number(total) === part.size) return part.size;
  if (status === 206 || status === 416) {
    await part.restart();
    throw new TransferError('the server gives another part than was asked for', true);
  }
  const passing = status >= 500 || status === 408 || status === 429;
  const reason = response.statusText.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
  throw new TransferError(`the server answers ${`${status} ${reason}`.trim()}`, passing);
}

const numberOf = (text: string | null | undefined): number | undefined =>
  text && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** What makes `If-Range` safe: a strong ETag, or else the date. */
function validatorOf(headers: Headers): string | undefined {
  const etag = headers.get('etag');
  const validator = etag?.startsWith('"') ? etag : headers.get('last-modified');
  return validator && validator.length <= 1000 ? validator : undefined;
}

/** The MD5 that Google Cloud Storage gives of what it stores. */
function md5Of({ headers }: Response): string | undefined {
  const [, base64] = /(?:^|,)\s*md5=([A-Za-z0-9+/]{22}==)/.exec(headers.get('x-goog-hash') ?? '') ?? [];
  return base64 && Buffer.from(base64, 'base64').toString('hex');
}

const connections: Record<string, string> = {
  ENOTFOUND: 'there is no such host, or no network',
  EAI_AGAIN: "the host can't be looked up: there may be no network",
  ECONNREFUSED: 'the host refuses the connection',
  ECONNRESET: 'the connection broke off',
  UND_ERR_SOCKET: 'the connection broke off',
  ENETUNREACH: 'there is no network',
  EHOSTUNREACH: "the host can't be reached",
  ETIMEDOUT: "the host doesn't answer",
  UND_ERR_CONNECT_TIMEOUT: "the host doesn't answer",
};

const disk: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOTDIR: 'what should be its folder is a file',
};

/** What the system says, as the end of a sentence. */
export function explain(error: Error, url: string): TransferError {
  const causes = [error, error.cause, ...((error.cause as AggregateError | undefined)?.errors ?? [])];
  const code = causes.map((cause) => (cause as NodeJS.ErrnoException | undefined)?.code).find(Boolean) ?? '';
  const said = (error.cause as Error | undefined)?.message || error.message;
  if (Object.hasOwn(disk, code)) return new TransferError(disk[code]!, false, { cause: error });
  if (Object.hasOwn(connections, code))
    return new TransferError(`${new URL(url).host}: ${connections[code]}`, true, { cause: error });
  if (/CERT|SIGNATURE|ALTNAME/.test(code))
    return new TransferError(
      `${new URL(url).host}: its certificate isn't trusted (${code}); NODE_EXTRA_CA_CERTS names the certificates of a company`,
      false,
      { cause: error },
    );
  return new TransferError(said, true, { cause: error });
}
