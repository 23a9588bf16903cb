import { relative } from 'node:path';
import { otherFolder } from '../keras/index.js';
import { CARD_FILE } from '../support/card-file.js';
import { inPlaceOfModel } from '../support/model-files.js';
import { nearestName } from '../support/nearest-name.js';
import type { Folder } from './folder.js';

/** Some of many, for a sentence. */
const some = (all: readonly string[]): string =>
  [...all.slice(0, 5), ...(all.length > 5 ? [`${all.length - 5} more`] : [])].join(', ');

/** Says which models there are further down in a folder. */
export const several = (path: string, models: readonly string[]): string =>
  `Further down there ${models.length === 1 ? 'is' : 'are'} ${some(models.map((model) => relative(path, model)))}.`;

/** Says why a folder with a model isn't served, and how it would be. */
export const besideModel = (path: string): string =>
  `The model in "${path}" isn't served, for folders beside a model file are taken for what belongs to it: put a ${CARD_FILE} ` +
  'into it, of which {} is enough, to have it served, too.';

/** Says what in a folder looks like a model or a card and is passed over. */
export const passedOverIn = ({ passedOver }: Pick<Folder, 'passedOver'>): string[] =>
  passedOver.length > 0 ? [`Passed over: ${some(passedOver.map(({ name, reason }) => `${name} (${reason})`))}.`] : [];

/** What helps where a model has another name than models have. */
export const nameIt = 'Name the file to serve.';

/** Says what a folder without a model is, or what it holds instead, and what to do. */
export function insteadIn({ names, folders, passedOver }: Folder): string[] {
  const what = otherFolder([...names, ...folders]);
  if (what) return [what];
  const others = inPlaceOfModel([...names, ...folders]).filter(
    ({ name }) => !passedOver.some((one) => one.name === name),
  );
  const sentences = passedOverIn({ passedOver: [...passedOver, ...others] });
  return sentences.length > 0
    ? [...sentences, `Save the Keras model with model.save('model.keras'). ${nameIt}`]
    : [nameIt];
}

/** Says which files a card is for that are not there. */
export const absentFrom = ({ models }: Folder, files: readonly string[]): string[] =>
  files.slice(0, 5).map((file) => {
    const nearest = nearestName(file, models);
    const hint = nearest ? ` Did you mean "${nearest}"?` : '';
    return `${CARD_FILE} has a card for ${JSON.stringify(file.slice(0, 100))}, and there is no such file.${hint}`;
  });
