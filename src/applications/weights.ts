import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KnownError } from '../support/errors.js';
import { type Application, type PublishedFile, servedName } from './application.js';
import { type DownloadOptions, download, isRight, type RemoteFile } from './download.js';
import { kerasFolders } from './keras-home.js';
import { TransferError } from './transfer.js';

/** Weights of an application that are not there and can't be had. The message says what to download, and where to put it. */
export class WeightsError extends KnownError {
  readonly audience = 'operator';
  readonly code = 'weights_unavailable';
}

export interface WeightsOptions extends DownloadOptions {
  /** The address that stands for `https://storage.googleapis.com`, where Keras publishes weights. */
  weightsUrl?: string;
  environment?: Record<string, string | undefined>;
}

const signature = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

/** The address of a published file: where Keras has it, or the same path below another address. */
export const urlOf = ({ url }: PublishedFile, weightsUrl: string | undefined): string =>
  weightsUrl === undefined ? url : weightsUrl.replace(/\/+$/, '') + new URL(url).pathname;

/** What an application's weights may take: four bytes a parameter are usual, and some files hold more than the parameters. */
const maxBytesOf = ({ parameters }: Application): number => 4 * 4 * parameters + 2 ** 24;

/**
 * The file with the weights of an application: as Keras keeps it, or downloaded to where Keras would.
 *
 * @throws WeightsError
 */
export async function findWeights(application: Application, options: WeightsOptions = {}): Promise<string> {
  const { weightsUrl, environment = process.env, ...downloadOptions } = options;
  const { file, hash } = application.weights;
  const folders = await kerasFolders(environment);
  for (const folder of folders.read) {
    const path = join(folder, file);
    if (await isRight({ path, hash })) return path;
  }
  const path = join(folders.write, file);
  const remote: RemoteFile = {
    url: urlOf(application.weights, weightsUrl),
    path,
    hash,
    maxBytes: maxBytesOf(application),
    signature,
  };
  const replaced = await stat(path).catch(() => undefined);
  try {
    await download(remote, downloadOptions);
    return path;
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    throw new WeightsError(explain(application, remote, error.message, replaced !== undefined), { cause: error });
  }
}

const explain = (application: Application, { url, path }: RemoteFile, reason: string, replaced: boolean): string =>
  [
    `The weights of ${servedName(application)} can't be downloaded: ${reason}.`,
    ...(replaced ? ['The file that is there has another hash than Keras published: it may be cut off.'] : []),
    `  Download  ${url}`,
    `  to        ${path}`,
    '  or name a server that has it: --weights-url, or KERAS_SERVE_WEIGHTS_URL',
  ].join('\n');
