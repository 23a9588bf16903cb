import { isIPv6 } from 'node:net';
import type { Rate } from '../settings/parsers.js';

/** Where a client stands. Times in seconds. */
export interface Standing {
  /** How many more requests it may send. */
  remaining: number;
  /** Until all of them are there again. */
  reset: number;
  isOver: boolean;
}

/**
 * Counts the requests of clients. A client's time begins with its first request, and anew with the first one after its end: as all
 * times are of one length, the first that began is the first that is over. The clock is one that nobody sets.
 */
export class RateCounter {
  private readonly windows = new Map<string, { count: number; end: number }>();

  /** @param mostClients that are known at once; for one more the one is forgotten whose time began first */
  constructor(
    private readonly rate: Rate,
    private readonly mostClients: number,
  ) {}

  /** How many clients are known. */
  get size(): number {
    return this.windows.size;
  }

  /** Counts a request. */
  count(client: string): Standing {
    const now = performance.now();
    const { requests, seconds } = this.rate;
    let window = this.windows.get(client);
    if (!window || window.end <= now) {
      window = { count: 0, end: now + seconds * 1000 };
      this.windows.delete(client);
      this.windows.set(client, window);
      this.forget(now);
    }
    window.count++;
    return {
      remaining: Math.max(0, requests - window.count),
      reset: Math.ceil((window.end - now) / 1000),
      isOver: window.count > requests,
    };
  }

  private forget(now: number): void {
    for (const [client, { end }] of this.windows) {
      if (end > now && this.windows.size <= this.mostClients) return;
      this.windows.delete(client);
    }
  }
}

/** What an address counts as: itself, in IPv6 its network of 64 bits, of which one client has all addresses. */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%', 1);
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain) ?? [];
  if (mapped !== undefined || !isIPv6(plain)) return mapped ?? address;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  // Zeros are left out between the two.
  const last = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - last.length);
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...last].map((group) => group.replace(/^0+(?=.)/, ''));
  return `${all.slice(0, 4).join(':')}::/64`;
}
