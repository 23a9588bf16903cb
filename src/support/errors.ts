/** Whom a message is written for: the client whose request it is about, or the operator, who may read of files and settings. */
export type Audience = 'client' | 'operator';

/**
 * An error that was foreseen: its code is for programs, and its message tells its audience all there is to tell. Any other error
 * is a fault, whose message and stack are for the log.
 */
export abstract class KnownError extends Error {
  abstract readonly code: string;
  abstract readonly audience: Audience;

  override get name(): string {
    return this.constructor.name;
  }
}

/**
 * What one part of the code tells another by throwing: that one catches it and makes a KnownError of it, or goes on, for it
 * alone knows the file or the layer that a message has to name. So it has no code and no audience, and whoever lets it through
 * has made a fault.
 */
export abstract class InternalSignal extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}
