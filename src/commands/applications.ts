import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readApplications, servedName } from '../applications/application.js';
import { kerasFolders } from '../applications/keras-home.js';
import { urlOf } from '../applications/weights.js';
import { formatBytes } from '../support/bytes.js';
import type { Command } from './command.js';
import { formatTable } from './table.js';

/** `keras-serve applications`: the models that can be named in the place of a file. */
export const applications: Command = {
  usage: 'applications',
  summary: 'List the Keras Applications, which are named in the place of a model file',
  operands: { least: 0, most: 0 },
  flags: { json: { type: 'boolean', description: 'Print JSON, with the address and the place of the weights' } },
  takesSettings: ['weightsUrl'],
  async run({ flags, config: { weightsUrl } }) {
    const folders = await kerasFolders(process.env);
    const known = await readApplications();
    const rows = await Promise.all(
      known.map(async (application) => {
        const { parameters, size, scaling, weights } = application;
        const places = folders.read.map((folder) => join(folder, weights.file));
        const found = await Promise.all(places.map((path) => stat(path).catch(() => undefined)));
        const downloaded = places.find((_, index) => found[index]?.isFile());
        const path = downloaded ?? join(folders.write, weights.file);
        const url = urlOf(weights, weightsUrl);
        return { name: servedName(application), parameters, size, scaling, url, path, downloaded: Boolean(downloaded) };
      }),
    );
    console.log(flags.json ? JSON.stringify(rows, null, 2) : table(rows).join('\n'));
  },
};

interface Row {
  name: string;
  parameters: number;
  size: [height: number, width: number];
  downloaded: boolean;
}

/** Four bytes a parameter. */
const table = (rows: readonly Row[]): string[] =>
  formatTable(
    [
      { title: 'Name' },
      { title: 'Images' },
      { title: 'Parameters', align: 'right' },
      { title: 'Weights', align: 'right' },
    ],
    rows.map(({ name, parameters, size, downloaded }) => [
      name,
      size.join('×'),
      parameters.toLocaleString('en-US'),
      downloaded ? 'downloaded' : `about ${formatBytes(4 * parameters)}`,
    ]),
    process.stdout.columns ?? 100,
  );
