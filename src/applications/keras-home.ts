import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../support/files.js';

const isWritable = (folder: string): Promise<boolean> =>
  access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );

/** A user whom the system doesn't know has no home. */
function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** Where Keras looks for models that it downloaded, and where it puts them. */
export interface KerasFolders {
  /** In the order in which they are looked through. */
  read: string[];
  write: string;
}

/**
 * The folders in which `keras.utils.get_file` keeps models: `models` in `$KERAS_HOME`, else in `~/.keras`, or under `/tmp`
 * where that can't be written to.
 */
export async function kerasFolders(environment: Record<string, string | undefined>): Promise<KerasFolders> {
  const home = environment.HOME || homeOfUser();
  const given = environment.KERAS_HOME?.replace(/^~(?=$|[/\\])/, home ?? '~');
  const last = join(process.platform === 'win32' ? tmpdir() : '/tmp', '.keras');
  const first = given || (home === undefined ? last : join(home, '.keras'));
  await makeFolder(first).catch(() => undefined);
  const [preferred, fallback] = [join(first, 'models'), join(last, 'models')];
  return { read: [preferred, fallback], write: (await isWritable(first)) ? preferred : fallback };
}
