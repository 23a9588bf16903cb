import { join } from 'node:path';
import { readWhole } from '../support/files.js';
import type { Beside } from './card-files.js';
import type { CardNote } from './card-note.js';
import type { FileContents } from './contents/file-contents.js';
import { type Clock, UnreadSignal } from './contents/read-process.js';
import type { SourceContent, SourceReader } from './source-content.js';
import { whyUnread } from './unread-file.js';

/** A file of source code beside a model, with what it says. */
export interface SourceFile extends SourceContent {
  file: string;
}

/** The most files that are read of a folder, bytes of one and of all together, and milliseconds for all beside a model. */
const most = { files: 50, bytes: 5 * 2 ** 20, total: 8 * 2 ** 20, time: 4000 };

/** How files of source code are read, by their endings. */
const readers: Record<string, SourceReader> = {
  py: 'python',
  js: 'javascript',
  ts: 'javascript',
  ipynb: 'notebook',
};
const ending = new RegExp(`\\.(${Object.keys(readers).join('|')})$`);

/** Those of a folder's files that are source code. */
export const sourceFilesAmong = (names: readonly string[]): string[] =>
  names.filter((name) => ending.test(name)).sort();

/** The source code beside a model, which is read once something asks for it, and then once. */
export class SourceFiles {
  /** On what couldn't be read. */
  readonly notes: CardNote[] = [];
  private readonly clock: Clock = { left: most.time };
  private readonly known = new Map<Beside, Promise<SourceFile[]>>();

  /**
   * @param contents reads it
   * @param width how many numbers the model answers with, where they are no picture's: without, choices aren't looked at
   */
  constructor(
    readonly besides: readonly Beside[],
    private readonly contents: FileContents,
    private readonly width?: number,
  ) {}

  /** That of each folder, the likelier first. */
  all(): Promise<SourceFile[][]> {
    return Promise.all(this.besides.map((one) => this.in(one)));
  }

  /** That of a folder; none where there is more than is read. */
  in(beside: Beside): Promise<SourceFile[]> {
    if (!this.known.has(beside)) this.known.set(beside, this.read(beside));
    return this.known.get(beside)!;
  }

  private async read(beside: Beside): Promise<SourceFile[]> {
    const found: SourceFile[] = [];
    for (const [file, bytes] of await this.bytesOf(beside)) {
      try {
        const reader = readers[ending.exec(file)![1]!]!;
        const content = await this.contents.read(reader, bytes, this.clock, this.width?.toString());
        if (content) found.push({ file, ...(content as SourceContent) });
      } catch (error) {
        if (!(error instanceof UnreadSignal)) throw error;
        this.notes.push({ level: 'warn', message: `${file} ${error.message}: what its code says is not used` });
      }
    }
    return found;
  }

  /** The files of source code in a folder; none where there is more than is read, which is noted. */
  private async bytesOf({ folder, names }: Beside): Promise<[file: string, bytes: Uint8Array][]> {
    const files = sourceFilesAmong(names);
    const none = (what: string) => {
      this.notes.push({ level: 'info', message: `${what}: none of its code is read` });
      return [];
    };
    if (files.length > most.files)
      return none(`the folder of the model has ${files.length} files of source code, more than ${most.files}`);
    const found: [string, Uint8Array][] = [];
    let total = 0;
    for (const file of files) {
      const bytes = await readWhole(join(folder, file), most.bytes).catch((error: unknown) => {
        const reason = whyUnread(error, most);
        if (reason) this.notes.push({ level: 'info', message: `${file} ${reason}: what its code says is not used` });
      });
      total += bytes?.length ?? 0;
      if (total > most.total)
        return none(`the folder of the model has more than ${most.total / 2 ** 20} MB of source code`);
      if (bytes && bytes.length > 0) found.push([file, bytes]);
    }
    return found;
  }
}
