import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}

/** The folder of keras-serve itself, whether it runs from its sources or from `dist`. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

const manifest: { version: string; description: string; peerDependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(packageRoot, 'package.json'), 'utf8'),
);

/** The version of keras-serve. */
export const packageVersion = manifest.version;

/** What keras-serve is, in a sentence. */
export const packageDescription = manifest.description;

/** The command that installs packages which don't come with keras-serve, in the oldest versions that do. */
export const installCommand = (names: readonly string[]): string =>
  `npm install ${names.map((name) => `${name}@${manifest.peerDependencies[name]!.replace('^', '')}`).join(' ')}`;

const extension = extname(import.meta.url);

/** Whether the code runs as it was built, not as it was written. */
export const isBuilt = extension !== '.ts';

/** The folder with the code of `src`: as it was written, or as it was built. */
export const sourceFolder = join(packageRoot, isBuilt ? 'dist/src' : 'src');

/** The path of a module of `src` that a process or a thread is started with: `inference/process-main`. */
export const modulePath = (name: string): string => join(sourceFolder, `${name}${extension}`);

/** What Node is given to run a module of `src` in a process of its own. */
export const moduleArguments = (name: string): string[] => [
  // Sources need the loader that this process was started with; its other flags (--eval, --inspect) are its own affair.
  ...(isBuilt ? [] : process.execArgv),
  modulePath(name),
];

/**
 * The environment of a process of ours that connects to nobody: where NODE_EXTRA_CA_CERTS is set, Node reads all certificates
 * that it knows whenever a process starts, which takes twice as long as the rest of its start.
 */
export function environmentWithoutCertificates(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;
  return environment;
}
