import type { Redis } from 'ioredis';

/** Milliseconds after which whoever waits looks for himself: a message may have been lost with a connection. */
const patience = 5000;

/** Who is told of what is published, as long as he wants to be. */
export class Subscriptions {
  private readonly listeners = new Map<string, Set<(message: string) => void>>();

  /** @param redis a connection of its own, which subscribes once more by itself after it was lost */
  constructor(private readonly redis: Redis) {
    redis.on('message', (channel: string, message: string) => {
      for (const listener of this.listeners.get(channel) ?? []) listener(message);
    });
    redis.on('ready', () => {
      for (const listener of [...this.listeners.values()].flatMap((all) => [...all])) listener('');
    });
  }

  /**
   * Subscribes to a channel.
   * @param listener gets the messages, and '' now and then: something may have been published that never came
   * @returns ends that
   */
  async subscribe(channel: string, listener: (message: string) => void): Promise<() => void> {
    const known = this.listeners.get(channel);
    const listeners = known ?? new Set();
    listeners.add(listener);
    this.listeners.set(channel, listeners);
    const timer = setInterval(() => listener(''), patience).unref();
    const stop = () => {
      clearInterval(timer);
      listeners.delete(listener);
      if (listeners.size > 0 || this.listeners.get(channel) !== listeners) return;
      this.listeners.delete(channel);
      this.redis.unsubscribe(channel).catch(() => undefined);
    };
    if (!known)
      await this.redis.subscribe(channel).catch((error) => {
        stop();
        throw error;
      });
    return stop;
  }
}
