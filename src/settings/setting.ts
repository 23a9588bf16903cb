import type { Parser } from './parsers.js';

/** One thing that can be set: flag, environment variables, help and the README's table all come from it. */
export interface Setting<T> {
  /**
   * What stands for the value in the help: `<port>`. A setting without is a switch: on when it is named. A `file` or `folder` in a
   * configuration file is beside that.
   */
  value?: string;
  /** The default, as a user would type it. */
  fallback: string;
  description: string;
  parse: Parser<T>;
  /** Whether it is a list: its flag may stand several times, and each may name several with commas between. */
  repeatable?: true;
  /** Environment variables besides `KERAS_SERVE_…`, for platforms that set their own. */
  environment?: string[];
  /** Whether its value is for nobody's eyes: no message and no command shows it. */
  secret?: true;
}

/** A row of a table of settings. */
export const setting = <T>(setting: Setting<T>): Setting<T> => setting;
