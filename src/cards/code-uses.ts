import { basename } from 'node:path';
import type { Assumption, Facts } from '../datapoints/kind.js';
import { type InferredKinds, type KindCards, kindsOf, type PlaceOf } from '../datapoints/kinds.js';
import { CardError } from '../support/card-error.js';
import { modelFilesAmong } from '../support/model-files.js';
import { type Offer, saidOf, withOffer } from './beside/offers.js';
import type { Beside } from './card-files.js';
import { type CodeFacts, type CodeUse, offersOfUses } from './code-offers.js';
import type { SourceFile, SourceFiles } from './source-files.js';
import { isUseOf, isVersionOf } from './source-uses.js';

/**
 * Where source code beside a model uses it: those that name its file, else, where no other model lies there, those that name none or another
 * name of it.
 * @param folders the source code of each folder, the likelier first
 * @param file the model's name
 */
export function usesOf(folders: readonly (readonly [Beside, readonly SourceFile[]])[], file: string): CodeUse[] {
  for (const [{ names }, files] of folders) {
    const all = files.flatMap((one) =>
      one.uses.map((use) => ({ ...use, file: one.file, isNamed: isUseOf(use, file) })),
    );
    const own = all.filter(({ isNamed }) => isNamed);
    if (own.length > 0) return own;
    const versions = all.filter((use) => isVersionOf(use, file));
    if (versions.length > 0) return versions;
    if (all.length > 0) return modelFilesAmong(names).models.length < 2 ? all : [];
  }
  return [];
}

/** Where source code beside a model uses it. */
export async function usesBeside(code: SourceFiles, file: string): Promise<CodeUse[]> {
  const folders = await Promise.all(code.besides.map(async (one) => [one, await code.in(one)] as const));
  return usesOf(folders, basename(file));
}

/** The files of fitted objects that a model is used with, and the code that does so. */
export function filesUsedBy(uses: readonly CodeUse[]): Record<Offer['side'], Map<string, string>> {
  const of = (get: (use: CodeUse) => readonly string[]) =>
    new Map(uses.flatMap((use) => get(use).map((one) => [one, use.file] as const)));
  return { inputs: of(({ transforms }) => transforms), outputs: of(({ answer }) => answer?.inverses ?? []) };
}

/** What a model's inputs and outputs are by what code does with them as well, where nothing surer says it. */
export function withUses(
  facts: Facts,
  cards: KindCards,
  plain: InferredKinds,
  place: PlaceOf,
  code: Pick<CodeFacts, 'uses' | 'resizes' | 'columns' | 'chosen'>,
): InferredKinds {
  const { signature } = facts;
  const said: Assumption[] = [];
  let [merged, best] = [cards, plain];
  for (const offer of offersOfUses({ signature, ...plain, ...code })) {
    const [key] = Object.keys(offer.keys);
    if (saidOf(cards, offer.side, offer.name).includes(key!)) continue;
    try {
      const more = withOffer(merged, offer);
      best = kindsOf(facts, more, place);
      merged = more;
      said.push(...offer.assumptions);
    } catch (error) {
      // What can't be so of this model is about another.
      if (!(error instanceof CardError)) throw error;
    }
  }
  const keys = new Set([...said, ...best.assumptions].map(({ key }) => key));
  // That it is a picture at all rests on what it did.
  const kept = plain.assumptions.filter(({ key }) => key.endsWith('.kind') && !keys.has(key));
  return { kinds: best.kinds, assumptions: [...kept, ...best.assumptions, ...said] };
}
