/**
 * Whether models tell how their images were scaled:
 *
 *     node --import tsx conformance/scaling.ts [--trained FOLDER] [--public FOLDER]
 *
 * of those that scaling.py trained into a folder, and of other people's, which scaling-public.json names, each in the folder at
 * `{source}/{file}`. What came of them is kept in scaling.json; docs/preprocessing.md has the tables.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { likelyOdds, nextOf } from '../src/datapoints/images/image-scaling.js';
import { hintsOf } from '../src/inference/model-hints.js';
import { readKerasModel } from '../src/keras/index.js';

/** What a model was trained with, as who trained it says. */
interface Stated {
  scaling: string;
}
interface Trained extends Stated {
  file: string;
  architecture: string;
  half: 'fitted' | 'measured';
  pictures: string;
  size: number;
}
interface Public extends Stated {
  /** A repository at a commit, or a package at a version. */
  source: string;
  file: string;
  /** Where its author says so. */
  stated: string;
}
type Told<Model> = Model & { told: { scaling: string; odds: number; next: string } | null };
interface Results {
  trained: Told<Trained>[];
  public: Told<Public>[];
}

const here = import.meta.dirname;
const resultsFile = join(here, 'scaling.json');
const document = join(here, '../docs/preprocessing.md');

/** What the statistics should say: neither the order of colours nor polarity is to be seen in them. */
const expected: Record<string, string> = {
  'unit, BGR': 'unit',
  'unit, inverted': 'unit',
  'less the mean, RGB': 'less-mean',
};
const expectedOf = ({ scaling }: Stated): string => expected[scaling] ?? scaling;

async function tell<Model extends Stated>(model: Model, path: string): Promise<Told<Model>> {
  const { pixels } = await hintsOf(await readKerasModel(path));
  if (!pixels) return { ...model, told: null };
  const [next, odds] = nextOf(pixels);
  return { ...model, told: { scaling: pixels.scaling, odds, next } };
}

const isRight = (model: Told<Stated>): boolean => model.told?.scaling === expectedOf(model);
const isLikely = ({ told }: Told<Stated>): boolean =>
  told !== null && told.odds >= likelyOdds && told.scaling !== 'standardised';

const table = (head: string[], rows: (string | number)[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const cases = ['none', 'unit', 'tf', 'torch', 'caffe', 'centred', 'less-mean', 'standardised'];

/** Rows are what is true, columns what is told: how many, and of these how many are called likely. */
function confusion(models: readonly Told<Stated>[]): string {
  const truths = [...new Set(models.map(({ scaling }) => scaling))];
  const order = (one: string) => cases.indexOf(expectedOf({ scaling: one }));
  const cell = (all: readonly Told<Stated>[], own: boolean): string => {
    const likely = all.filter(isLikely).length;
    const text = all.length === 0 ? '' : likely ? `${all.length} (${likely})` : String(all.length);
    return own && text ? `**${text}**` : text;
  };
  return table(
    ['trained with', ...cases.map((name) => `\`${name}\``), 'nothing'],
    truths
      .toSorted((one, other) => order(one) - order(other))
      .map((truth) => {
        const all = models.filter(({ scaling }) => scaling === truth);
        const told = cases.map((name) =>
          cell(
            all.filter((model) => model.told?.scaling === name),
            expectedOf({ scaling: truth }) === name,
          ),
        );
        return [
          truth,
          ...told,
          cell(
            all.filter((model) => model.told === null),
            false,
          ),
        ];
      }),
  );
}

/** A line for each group of models. */
const counts = (groups: [name: string, models: readonly Told<Stated>[]][]): string =>
  table(
    ['', 'models', 'right', 'called likely', 'of these wrong', 'largest odds of a mistake'],
    groups.map(([name, models]) => {
      const likely = models.filter(isLikely);
      const mistakes = models.filter((model) => model.told && !isRight(model)).map(({ told }) => told!.odds);
      const worst = mistakes.length ? Number(Math.max(...mistakes).toPrecision(2)) : '';
      const wrong = likely.filter((model) => !isRight(model)).length;
      return [name, models.length, models.filter(isRight).length, likely.length, wrong, worst];
    }),
  );

function section({ trained, public: others }: Results): string {
  const half = (name: Trained['half']) => trained.filter((model) => model.half === name);
  return [
    counts([
      ['trained here, first half', half('fitted')],
      ['trained here, other half', half('measured')],
      ['other people’s', others],
    ]),
    'Trained here, the first half: what is told, and in brackets how many of them are called likely.',
    confusion(half('fitted')),
    'The other half:',
    confusion(half('measured')),
    'Other people’s:',
    confusion(others),
    'One by one:',
    table(
      ['model', 'stated in', 'trained with', 'told', 'odds'],
      others.map(({ source, file, stated, scaling, told }) => [
        `${source} ${file}`,
        stated,
        scaling,
        told?.scaling ?? 'nothing',
        told ? String(Number(told.odds.toPrecision(2))) : '',
      ]),
    ),
  ].join('\n\n');
}

const { values } = parseArgs({ options: { trained: { type: 'string' }, public: { type: 'string' } } });
const results: Results = existsSync(resultsFile)
  ? JSON.parse(readFileSync(resultsFile, 'utf8'))
  : { trained: [], public: [] };
if (values.trained) {
  const lines = readFileSync(join(values.trained, 'models.jsonl'), 'utf8').trim().split('\n');
  results.trained = [];
  for (const line of lines) {
    const { file, architecture, half, scaling, pictures, size }: Trained = JSON.parse(line);
    const model = { file, architecture, half, scaling, pictures, size };
    results.trained.push(await tell(model, join(values.trained, file)));
  }
}
if (values.public) {
  const models: Public[] = JSON.parse(readFileSync(join(here, 'scaling-public.json'), 'utf8'));
  results.public = [];
  for (const model of models)
    results.public.push(await tell(model, join(values.public, model.source.replaceAll('/', '+'), model.file)));
}
writeFileSync(resultsFile, `${JSON.stringify(results, null, 1)}\n`);
const [begin, end] = ['<!-- scaling -->', '<!-- /scaling -->'];
const text = readFileSync(document, 'utf8');
const [before, after] = [text.split(begin)[0]!, text.split(end)[1]!];
writeFileSync(document, `${before}${begin}\n\n${section(results)}\n\n${end}${after}`);
