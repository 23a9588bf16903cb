import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Catalog } from '../catalog/catalog.js';
import type { ServedModel } from '../catalog/served-model.js';
import { exampleRequest } from '../datapoints/example-request.js';
import { packageRoot, packageVersion } from '../support/package.js';
import { shellWord } from '../support/shell-word.js';
import type { Served } from './listening.js';

/** The longest JSON that is shown in a line to be pasted. */
const longestJson = 1000;

/** What a worker does, for a log and for a terminal: nobody asks it anything. */
export const workerLine = (catalog: Catalog, { url }: Served): string =>
  `a worker answers requests for ${nameOf(availableOf(catalog))} out of the queue; ${url}/health/ready and ${url}/metrics say how it is`;

/** What is served and where, for a log. */
export function announcementLine(catalog: Catalog, { url, socket }: Served): string {
  const available = availableOf(catalog);
  const [verb, whose] = available.length === 1 ? ['is', 'its'] : ['are', 'their'];
  const way = socket === undefined ? '' : ` by the socket ${socket}`;
  return `${nameOf(available)} ${verb} served at ${url}/${way} with ${whose} documents at ${url}/docs`;
}

/**
 * What is served and where, for a terminal: with a line that asks the default model something when it is pasted.
 * @param needsKey whether it needs an API key
 */
export function announcement(catalog: Catalog, served: Served, needsKey = false): string {
  const { url, socket } = served;
  const { models, defaultName } = catalog;
  const available = availableOf(catalog);
  const byDefault = available.find(({ name }) => name === defaultName)?.versions.find(({ model }) => model)?.model;
  const command = byDefault && commandFor(byDefault, `${url}/predict`, curlFor(served, needsKey));
  const lines = [
    ...(socket === undefined ? [] : [['Socket', socket]]),
    ['Try it', `${url}/`],
    ['API', `${url}/docs`],
    ...(command ? [['Predict', command]] : []),
    ...(models.length > 1 ? [['Models', `${url}/models, ${defaultName} by default`]] : []),
  ].map(([word, address]) => `    ${word!.padEnd(10)}${address}\n`);
  return `
  keras-serve ${packageVersion} serves ${nameOf(available)}

${lines.join('')}
  Ctrl+C stops it.

`;
}

const availableOf = ({ models }: Catalog) => models.filter(({ versions }) => versions.some(({ model }) => model));

const nameOf = (available: ReturnType<typeof availableOf>) =>
  available.length === 1 ? available[0]!.name : `${available.length === 0 ? 'no' : available.length} models`;

/** How curl is begun. */
const curlFor = ({ socket }: Served, needsKey: boolean): string =>
  [
    'curl',
    ...(socket === undefined ? [] : [`--unix-socket ${shellWord(socket)}`]),
    ...(needsKey ? ['-H "Authorization: Bearer $KEY"'] : []),
  ].join(' ');

/** A line that asks a model something; undefined where that would be too long. */
function commandFor(model: ServedModel, address: string, curl: string): string | undefined {
  if (model.image) return `${curl} -F ${shellWord(`image=@${quotedFile(picture())}`)} ${address}`;
  const json = JSON.stringify(exampleRequest(model));
  return json?.length <= longestJson ? `${curl} -d ${shellWord(json)} ${address}` : undefined;
}

/** The photo that keras-serve brings along, as it is found from the working folder. */
function picture(): string {
  const path = join(packageRoot, 'examples', 'cat.jpg');
  if (!existsSync(path)) return 'dog.jpg';
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
}

/** A file name as curl takes it in a form: in quotes where it would take a character for its own. */
const quotedFile = (path: string): string => (/[;,"\\]/.test(path) ? `"${path.replaceAll(/["\\]/g, '\\$&')}"` : path);
