import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package whose code users of keras-serve get. */
export interface Dependency {
  name: string;
  version: string;
  /** As its authors have it, in SPDX's words where they use them. */
  licence: string;
  /** Whether npm installs it beside keras-serve; and whether its code is part of what keras-serve is built to. */
  isInstalled: boolean;
  isBundled: boolean;
}

interface LockedPackage {
  version: string;
  license: string;
  dev?: boolean;
  devOptional?: boolean;
}

const rule = '-'.repeat(80);

/** What is installed with keras-serve, on any platform, and what is built into it. */
export function dependenciesOf(root: string): Dependency[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  const installed = Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path, { version, license }]) => ({ name: nameAt(path), version, licence: license }));
  const bundled = readFileSync(join(root, 'dist', 'THIRD_PARTY_LICENSES.txt'), 'utf8')
    .split(`${rule}\n\n`)
    .flatMap((text) => {
      const [, name, version, licence] = /^(\S+) (\S+) \((.+)\)$/m.exec(text.split('\n', 1)[0]!) ?? [];
      return name ? [{ name, version: version!, licence: licence! }] : [];
    });
  const keyOf = ({ name, version }: { name: string; version: string }) => `${name}@${version}`;
  const all = new Map([...bundled, ...installed].map((one) => [keyOf(one), one]));
  const [isInstalled, isBundled] = [installed, bundled].map((some) => new Set(some.map(keyOf)));
  return [...all]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, one]) => ({ ...one, isInstalled: isInstalled!.has(key), isBundled: isBundled!.has(key) }));
}

/** The name of the package in a folder of `node_modules`. */
const nameAt = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

const marks = { start: '<!-- licences: written by npm run licences -->\n', end: '<!-- /licences -->' };

/** A document with its table of licences as it should be. Versions are in the lock file. */
export function withLicences(document: string, dependencies: readonly Dependency[]): string {
  const rows = dependencies.map(({ name, licence, isInstalled, isBundled }) => [
    `\`${name}\``,
    licence,
    [isInstalled && 'installed', isBundled && 'in `dist`'].filter(Boolean).join(', '),
  ]);
  const table = [['package', 'licence', 'how it comes'], ['---', '---', '---'], ...rows].map(
    (row) => `| ${row.join(' | ')} |\n`,
  );
  const start = document.indexOf(marks.start) + marks.start.length;
  return `${document.slice(0, start)}\n${[...new Set(table)].join('')}\n${document.slice(document.indexOf(marks.end))}`;
}
