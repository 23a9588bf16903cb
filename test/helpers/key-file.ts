import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key that is long enough, and whose it is shows. */
export const keyOf = (name: string): string => `secret-of-${name}-0123456789`;

/** A file of API keys until the test ends: for each name what its line says behind the key. */
export function keyFile(t: { after(end: () => void): void }, holders: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'keys.txt');
  writeFileSync(path, linesOf(holders), { mode: 0o600 });
  return path;
}

/** The lines of a file of keys. */
export const linesOf = (holders: Record<string, string>): string =>
  Object.entries(holders)
    .map(([name, rights]) => `${name} ${keyOf(name)} ${rights}\n`)
    .join('');

/** The header that carries somebody's key. */
export const bearer = (name: string): { authorization: string } => ({ authorization: `Bearer ${keyOf(name)}` });
