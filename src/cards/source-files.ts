import { join } from 'node:path';
import { readWhole } from '../support/files.js';
import type { Beside } from './card-files.js';
import type { CardNote } from './card-note.js';
import type { FileContents } from './contents/file-contents.js';
import { type Clock, UnreadSignal } from './contents/read-process.js';
import type { SourceChoice } from './source-choices.js';
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
  private readonly bytes = new Map<Beside, Promise<ReadonlyMap<string, Uint8Array>>>();

  /** @param contents reads it */
  constructor(
    readonly besides: readonly Beside[],
    private readonly contents: FileContents,
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

  /** That of a folder with what it chooses between. @param width how many numbers the model answers with, where they are no picture's */
  async choosing(beside: Beside, width: number): Promise<SourceFile[]> {
    const files = await this.in(beside);
    const bytes = await this.bytesIn(beside);
    const found: SourceFile[] = [];
    for (const one of files) {
      const choices = await this.ask(one.file, bytes.get(one.file) ?? nothing, `width ${width}`);
      found.push({ ...one, choices: (choices ?? []) as SourceChoice[] });
    }
    return found;
  }

  private async read(beside: Beside): Promise<SourceFile[]> {
    const found: SourceFile[] = [];
    const all = await this.bytesIn(beside);
    for (const [file, bytes] of all) {
      const imported = importedBy(file, all);
      const part = imported.length > 0 ? `after ${imported.length}` : undefined;
      const content = await this.ask(file, imported.length > 0 ? Buffer.concat([imported, bytes]) : bytes, part);
      if (content) found.push({ choices: [], ...(content as Omit<SourceContent, 'choices'>), file });
    }
    return found;
  }

  /** What a file says; undefined where it can't be read, of which there is a note then. */
  private async ask(file: string, bytes: Uint8Array, part?: string): Promise<unknown> {
    try {
      return await this.contents.read(readers[ending.exec(file)![1]!]!, bytes, this.clock, part);
    } catch (error) {
      if (!(error instanceof UnreadSignal)) throw error;
      this.notes.push({ level: 'warn', message: `${file} ${error.message}: what its code says is not used` });
      return undefined;
    }
  }

  /** The bytes of the files of a folder, which are read once. */
  private bytesIn(beside: Beside): Promise<ReadonlyMap<string, Uint8Array>> {
    if (!this.bytes.has(beside))
      this.bytes.set(
        beside,
        this.bytesOf(beside).then((files) => new Map(files)),
      );
    return this.bytes.get(beside)!;
  }

  /** The files of source code in a folder, and those that they take from folders in it; none where there is more than is read, which is noted. */
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
    const all = new Set(files);
    // What is added on the way comes at its end.
    for (const file of all) {
      const bytes = await readWhole(join(folder, file), most.bytes).catch((error: unknown) => {
        const reason = whyUnread(error, most);
        if (reason) this.notes.push({ level: 'info', message: `${file} ${reason}: what its code says is not used` });
      });
      total += bytes?.length ?? 0;
      if (total > most.total)
        return none(`the folder of the model has more than ${most.total / 2 ** 20} MB of source code`);
      if (!bytes || bytes.length === 0) continue;
      found.push([file, bytes]);
      for (const other of file.includes('/') ? [] : importsOf(file, bytes))
        if (names.includes(other.split('/')[0]!) && all.size < most.files) all.add(other);
    }
    return found;
  }
}

const nothing = new Uint8Array();
/** The most files of a folder that one is read with. */
const mostImported = 10;

/** What Python imports, in notebooks, too: `from libs.model import Model`, `from libs import model`, `import libs.model`. */
const imports =
  /(?:^|\n|")[ \t]*(?:from[ \t]+\.?(\w{1,60}(?:\.\w{1,60})?)[ \t]+import\b([\w, \t]{0,200})|import[ \t]+(\w{1,60}(?:\.\w{1,60})?)(?![\w.]))/g;

/** The paths that those files have which a file of Python imports: of names out of a folder, too. */
function importsOf(file: string, bytes: Uint8Array): string[] {
  if (!/\.(?:py|ipynb)$/.test(file)) return [];
  const text = Buffer.from(bytes).toString('latin1');
  return [...text.matchAll(imports)].flatMap(([, from, names = '', whole]) => {
    const path = (from ?? whole)!.replace('.', '/');
    const taken = path.includes('/') ? [] : [...names.matchAll(/(?:^|,)\s*(\w{1,60})/g)];
    return [`${path}.py`, ...taken.map(([, name]) => `${path}/${name}.py`)];
  });
}

/** The code of those Python files of a folder that one takes functions from, and that these take some from, the deepest first. */
function importedBy(file: string, all: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const found = new Set<string>();
  const add = (name: string): void => {
    for (const other of importsOf(name, all.get(name)!)) {
      if (other === file || found.has(other) || !all.has(other) || found.size >= mostImported) continue;
      found.add(other);
      add(other);
    }
  };
  add(file);
  return Buffer.concat([...found].reverse().flatMap((name) => [all.get(name)!, Buffer.from('\n')]));
}
