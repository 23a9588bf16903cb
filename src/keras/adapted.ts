import type { Config, ConfigValue, GuessedVocabulary, Layer, Weight } from './model.js';

/**
 * Puts what layers learned by `adapt` into their configs, where it stands when it is given instead of learned.
 *
 * - TextVectorization, StringLookup, IntegerLookup: Keras keeps the vocabulary in a file beside the weights, with the mask token and
 *   those for words out of the vocabulary in front. HDF5 files have none: then it may lie beside the model.
 * - Discretization of Keras 2: the boundaries follow from a weight, `summary`, of values and their counts.
 *
 * @param readVocabulary - gives the vocabulary file of a layer, where there is one
 * @param readOnly - gives the only file that may be a vocabulary though its name says of no layer that it is its: it is taken where one layer
 *   of words alone has none, and no `Embedding` has fewer rows than it has words
 * @returns that it was taken
 */
export async function applyAdapted(
  layers: Iterable<Layer>,
  readVocabulary: (layer: Layer) => Promise<string | undefined>,
  readOnly: () => Promise<{ file: string; text: string } | undefined>,
): Promise<GuessedVocabulary | undefined> {
  const all = new Set(layers);
  const without: Layer[] = [];
  for (const layer of all) {
    const { className, config, weights } = layer;
    const vocabularyIn = Object.hasOwn(vocabularies, className) ? vocabularies[className] : undefined;
    if (vocabularyIn && (config.vocabulary == null || typeof config.vocabulary === 'string')) {
      const text = await readVocabulary(layer);
      if (text !== undefined && !beginsWithSpecial(text, config)) config.vocabulary = vocabularyIn(text, config);
      else if (config.vocabulary == null) without.push(layer);
    }
    const summary = weights.get('summary');
    if (className === 'Discretization' && summary) config.bin_boundaries = boundaries(summary, config.num_bins);
  }
  const [layer, ...others] = without;
  if (!layer || others.length > 0 || vocabularies[layer.className] !== linesOf) return undefined;
  const only = await readOnly();
  const words = linesOf(only?.text ?? '');
  const isFitting = [...all].every(
    ({ className, config: { input_dim: rows } }) => className !== 'Embedding' || Number(rows) >= words.length,
  );
  if (words.length === 0 || !isFitting) return undefined;
  layer.config.vocabulary = words;
  return { layer: layer.name, file: only!.file };
}

/**
 * Whether a file that the layer was given begins with the mask token or that for unknown words: Keras counts these as terms then,
 * other than in files that it wrote. Nobody means that.
 */
function beginsWithSpecial(text: string, { vocabulary, oov_token: unknown }: Config): boolean {
  return typeof vocabulary === 'string' && /^(?:\r?\n|$)/.test(text.replace(`${unknown ?? '[UNK]'}\n`, '\n'));
}

/** Lines, without empty ones at the end. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
}

/** How each class reads its file. */
const vocabularies: Record<string, (text: string, config: Config) => ConfigValue> = {
  IndexLookup: (text, { vocabulary_dtype: dtype }) => (dtype === 'string' ? linesOf(text) : linesOf(text).map(Number)),
  IntegerLookup: (text) => linesOf(text).map(Number),
  StringLookup: linesOf,
  TextVectorization: linesOf,
};

/** The values at every `1 / bins` of the counts, interpolated, without the last (`Discretization`'s `compress`). */
function boundaries({ shape, data }: Weight, bins: Config[string] | undefined): number[] {
  const length = shape[1] ?? 0;
  const numbers = Array.from(data as ArrayLike<number>, Number);
  const values = numbers.slice(0, length);
  const epsilon = typeof bins === 'number' && bins > 0 ? 1 / bins : 1;
  if (length * epsilon < 1) return values.slice(0, -1);
  let total = 0;
  const cumulative = numbers.slice(length, 2 * length).map((count) => {
    total += count;
    return total;
  });
  const shares = cumulative.map((count) => count / total);
  const count = Math.ceil(1 / epsilon);
  return Array.from({ length: count - 1 }, (_, i) => Math.fround(interpolate(epsilon + i * epsilon, shares, values)));
}

/** Linear interpolation of `ys` over rising `xs`, constant beyond them. */
function interpolate(x: number, xs: number[], ys: number[]): number {
  const right = xs.findIndex((value) => value >= x);
  if (right < 0) return ys.at(-1)!;
  if (right === 0) return ys[0]!;
  const left = right - 1;
  return ys[left]! + ((ys[right]! - ys[left]!) * (x - xs[left]!)) / (xs[right]! - xs[left]!);
}
