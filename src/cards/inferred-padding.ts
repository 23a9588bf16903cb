import type { FoundPadding } from '../datapoints/kind.js';
import type { SourceFile } from './source-files.js';

const sides: readonly string[] = ['pre', 'post'];

/**
 * On which side source code beside a model fills up lists of ids and cuts them: what all calls of `pad_sequences` say that may make such as the model
 * takes.
 * @param folders the source code of each, the likelier first
 * @param size how many ids the model takes
 */
export function findPadding(folders: readonly (readonly SourceFile[])[], size: number): FoundPadding | undefined {
  for (const files of folders) {
    const found = files.flatMap(({ file, paddings }) => paddings.map((one) => ({ ...one, file })));
    const [first, ...others] = found.filter(({ length }) => length === undefined || length === size);
    if (!first) continue;
    const { padding, truncating, file } = first;
    const isSame = others.every((one) => one.padding === padding && one.truncating === truncating);
    if (!isSame || !isSide(padding) || !isSide(truncating)) return undefined;
    return { padding, truncating, file };
  }
  return undefined;
}

const isSide = (side: string | undefined): side is 'pre' | 'post' => side !== undefined && sides.includes(side);
