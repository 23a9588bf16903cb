import { hash, randomBytes } from 'node:crypto';
import { type ApiKey, digestOf } from './key-file.js';
import type { KeyHolder } from './key-holder.js';

/**
 * Finds whose a key is, at the same cost for any number of keys. What is looked up is a hash with a secret of this process in it:
 * how long the search takes depends on nothing that the sender of a key knows or can choose, so it tells nothing of the others.
 */
export class ApiKeys {
  private readonly secret = randomBytes(32).toString('hex');
  private holders: ReadonlyMap<string, KeyHolder> = new Map();

  constructor(keys: readonly ApiKey[]) {
    this.replace(keys);
  }

  /** All holders. */
  get all(): readonly KeyHolder[] {
    return [...this.holders.values()];
  }

  /** Puts these in the place of all others, at once. */
  replace(keys: readonly ApiKey[]): void {
    this.holders = new Map(keys.map(({ digest, ...holder }) => [this.blind(digest), Object.freeze(holder)]));
  }

  /** Whose key this is; undefined where it is nobody's. */
  find(key: string): KeyHolder | undefined {
    return this.holders.get(this.blind(digestOf(key)));
  }

  private blind(digest: string): string {
    return hash('sha256', this.secret + digest);
  }
}
