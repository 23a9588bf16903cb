/** One object of several in a file: `artifacts.pkl#scaler`, and of a dict in it `artifacts.pkl#encoders/Gender`. */

const named = /^(.+\.\w{1,8})#(.+)$/s;

/** The file of a name, and which part of it is meant; undefined where all of it is. */
export function filePart(name: string): { file: string; part?: string } {
  const [, file, part] = named.exec(name) ?? [];
  return file === undefined ? { file: name } : { file, part: part! };
}

/** The name of a part of a file. */
export const nameOfPart = (file: string, keys: readonly string[]): string => `${file}#${keys.join('/')}`;

/** Whether a key can stand in the name of a part. */
export const isPartKey = (key: unknown): key is string =>
  typeof key === 'string' && /^[^#/\p{Cc}]{1,60}$/u.test(key) && key.trim() === key;
