import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often the owner of a part says that it is still there, and after which silence it is taken for dead. */
const beatInterval = 3_000;
const deadAfter = 15_000;
/** How long who takes a part over waits for others that do so in the same moment. */
const settleTime = 250;

/** What lies beside a part: who writes it, and of what it is a part. */
interface Owner {
  /** Of the one that writes; null when nobody does. */
  id: string | null;
  host: string;
  pid: number;
  /** What the server calls this very content: an ETag, or a date. */
  validator?: string;
}

/** The parts that this process writes. */
const ours = new Set<string>();

/**
 * The part of a file that has been downloaded: `<file>.part`, with `<file>.part.json` beside it, which says whose it is. One
 * process at a time writes it; the next goes on where another broke off.
 */
export class PartFile {
  /** Aborted when another process has taken the part for abandoned. */
  readonly lost = new AbortController();
  private readonly id = randomUUID();
  private readonly timer: NodeJS.Timeout;
  private handle: FileHandle | undefined;
  private finished = false;
  /** Bytes that are there. */
  size = 0;

  private constructor(
    private readonly target: string,
    /** What the server calls the content of which this is a part. */
    public validator: string | undefined,
  ) {
    ours.add(this.id);
    this.timer = setInterval(() => void this.beat(), beatInterval).unref();
  }

  /** The file with the part. */
  get path(): string {
    return `${this.target}.part`;
  }

  /**
   * Claims the part of a file for this process.
   * @returns undefined while another process has it
   */
  static async claim(target: string): Promise<PartFile | undefined> {
    const record = recordOf(target);
    const part = new PartFile(target, undefined);
    try {
      if (!(await part.create(record)) && !(await part.takeOver(record))) return await part.leave();
      part.handle = await openPart(part.path);
      if (part.validator) part.size = (await part.handle.stat()).size;
      return part;
    } catch (error) {
      await part.leave();
      throw error;
    }
  }

  /** Adds bytes. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; ) {
      const { bytesWritten } = await this.handle!.write(bytes, start, bytes.length - start, this.size);
      start += bytesWritten;
      this.size += bytesWritten;
    }
  }

  /** Begins anew, with what the server calls the content now. */
  async restart(validator?: string): Promise<void> {
    this.validator = validator;
    this.size = 0;
    await this.handle!.truncate(0);
    await writeFile(recordOf(this.target), this.record());
  }

  /** Waits until everything is on the disk. */
  async flush(): Promise<void> {
    await this.handle!.truncate(this.size);
    await this.handle!.sync();
  }

  /** Puts the whole file in its place. */
  async finish(): Promise<void> {
    await this.close();
    await rename(this.path, this.target);
    this.finished = true;
  }

  /** Leaves the part to whoever goes on with it, or removes it when it is of no use. */
  async release(): Promise<void> {
    try {
      await this.close();
      if (!this.lost.signal.aborted) await this.tidy();
    } finally {
      await this.leave();
    }
  }

  private async tidy(): Promise<void> {
    const record = recordOf(this.target);
    if (!this.finished && this.size > 0 && this.validator) return writeFile(record, this.record(null));
    if (!this.finished) await rm(this.path, { force: true });
    await rm(record, { force: true });
  }

  private async close(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
  }

  /** From now on others may have the part. */
  private async leave(): Promise<undefined> {
    clearInterval(this.timer);
    ours.delete(this.id);
    await this.close();
  }

  private record(id: string | null = this.id): string {
    const owner: Owner = { id, host: hostname(), pid: process.pid, validator: this.validator };
    return JSON.stringify(owner);
  }

  private create(record: string): Promise<boolean> {
    return writeFile(record, this.record(), { flag: 'wx' }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
  }

  private async takeOver(record: string): Promise<boolean> {
    const owner = await readOwner(record);
    if (owner === 'alive') return false;
    this.validator = isValidator(owner?.validator) ? owner.validator : undefined;
    const mine = `${record}.${this.id}`;
    await writeFile(mine, this.record());
    await rename(mine, record);
    await sleep(settleTime);
    return (await parseOwner(record))?.id === this.id;
  }

  private async beat(): Promise<void> {
    const record = recordOf(this.target);
    const owner = await parseOwner(record);
    if (!ours.has(this.id)) return;
    if (owner && owner.id !== this.id) return this.lost.abort();
    const now = new Date();
    await utimes(record, now, now).catch(() => undefined);
  }
}

const recordOf = (target: string): string => `${target}.part.json`;

/** Whether something is fit for a header. */
const isValidator = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x20-\x7e]{1,1000}$/.test(value);

/** Opens a file to read and write it, and makes it if it isn't there. */
const openPart = (path: string): Promise<FileHandle> => open(path, 'r+').catch(() => open(path, 'w+'));

async function parseOwner(record: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(record, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

/** Who wrote a part last; `alive` when it is still writing. */
async function readOwner(record: string): Promise<Owner | 'alive' | undefined> {
  const owner = await parseOwner(record);
  const { mtimeMs = 0 } = (await stat(record).catch(() => undefined)) ?? {};
  const fresh = Date.now() - mtimeMs < deadAfter;
  if (!owner) return fresh ? 'alive' : undefined;
  return owner.id !== null && fresh && !isDead(owner) ? 'alive' : owner;
}

/** Whether a process of this machine is gone. One of another may be: that shows in time. */
function isDead({ id, host, pid }: Owner): boolean {
  if (host !== hostname()) return false;
  // In a container every process has the same number as the one before it.
  if (pid === process.pid) return !ours.has(id!);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
