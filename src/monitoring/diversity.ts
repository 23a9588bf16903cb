import type { SequenceSpec } from '../datapoints/kinds/sequence.js';
import { type Expectation, type ExpectedInput, expectedOf, type KnownInput } from './expectations.js';
import { Range } from './range.js';
import type { Sample } from './sample.js';

/** Whether datapoints are of many kinds: of a camera's frames of one scene one answer is right. */
export interface Diversity {
  add(sample: Sample): void;
  isDiverse(): boolean;
}

/** How each kind of input is judged; others, and series that move on by a step, by what is expected of their numbers. */
const judges: Record<string, (spec: unknown) => (() => Diversity) | undefined> = {
  image: () => ofPictures,
  text: () => ofWords,
  sequence: (spec) => ((spec as SequenceSpec).ids ? ofWords : undefined),
};

/** What judges the datapoints of an input; undefined where nothing is known of how they differ. */
export function diversityOf(input: KnownInput): (() => Diversity) | undefined {
  const { kind, spec } = input.claimed;
  const judge = Object.hasOwn(judges, kind) ? judges[kind]!(spec) : undefined;
  if (judge) return judge;
  const expected = expectedOf(input);
  return expected && (() => ofColumns(expected));
}

/** Texts that are not the same differ. */
const ofWords = (): Diversity => ({ add: () => undefined, isDiverse: () => true });

/** Pixels of one place vary from photo to photo as those of one photo do; in photos of one scene hardly at all. */
const leastShare = 0.5;

function ofPictures(): Diversity {
  const places: Range[] = [];
  const all = new Range();
  return {
    add({ values, length }) {
      for (let index = 0; index < length; index++) {
        places[index] ??= new Range();
        places[index]!.add(values[index]!);
        all.add(values[index]!);
      }
    },
    isDiverse: () =>
      places.reduce((sum, { variance }) => sum + variance, 0) > leastShare * all.variance * places.length,
  };
}

/** Half of the numbers vary half as much as in training, or more. */
function ofColumns({ columns }: ExpectedInput): Diversity {
  const ranges: Range[] = [];
  const expected: (Expectation | undefined)[] = [];
  return {
    add({ values, columns: places, length }) {
      for (let index = 0; index < length; index++) {
        if (index === ranges.length) {
          ranges.push(new Range());
          expected.push(columns[columns.length === 1 ? 0 : places[index]!]);
        }
        ranges[index]!.add(values[index]!);
      }
    },
    isDiverse() {
      const known = ranges.flatMap(({ variance }, index) =>
        expected[index] ? [Math.sqrt(variance) >= expected[index].deviation / 2] : [],
      );
      return known.filter(Boolean).length >= known.length / 2;
    },
  };
}
