/** Counts who uses what, and tells when nobody does any more. */
export class Leases<T extends object> {
  private readonly users = new Map<T, number>();
  private readonly waiting = new Map<T, (() => void)[]>();

  /** @returns gives the lease back; calling it again does nothing */
  take(thing: T): () => void {
    this.users.set(thing, (this.users.get(thing) ?? 0) + 1);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      const users = this.users.get(thing)! - 1;
      if (users > 0) return void this.users.set(thing, users);
      this.users.delete(thing);
      for (const resolve of this.waiting.get(thing) ?? []) resolve();
      this.waiting.delete(thing);
    };
  }

  /** Resolves when no lease of a thing is left. */
  unused(thing: T): Promise<void> {
    if (!this.users.has(thing)) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.set(thing, [...(this.waiting.get(thing) ?? []), resolve]);
    });
  }
}
