import { type Settings, settingNames } from '../settings/config.js';
import type { Config, SettingName } from '../settings/settings.js';

/** What a command finds when it is run. */
export interface CommandInput {
  /** What was typed after the command's name, flags left out; or what a configuration file serves, see `takesModels`. */
  positionals: string[];
  /** Where in the file that stands; undefined for what was typed. */
  modelsFrom?: string;
  /** The command's own flags as typed. */
  flags: Record<string, unknown>;
  config: Config;
  /** The same, with where each setting comes from. */
  settings: Settings;
}

/** A flag of one command. */
export interface Flag {
  type: 'string' | 'boolean';
  short?: string;
  /** What stands for its value in the help. */
  value?: string;
  description: string;
}

/** One command of `keras-serve`. */
export interface Command {
  /** The line after `keras-serve`: `predict <model> <image>...`. */
  usage: string;
  summary: string;
  /** How many positionals it takes. */
  operands: { least: number; most: number };
  /** Why it takes none, as it is set. */
  takesNone?(config: Config): string | undefined;
  /** What else there is to say to somebody who gave too few of them. */
  missing?(positionals: readonly string[]): string | undefined;
  /** Flags of its own, with what the help says of them. */
  flags: Record<string, Flag>;
  /** Whether it takes the settings of the server; or those that it takes. */
  takesSettings: boolean | readonly SettingName[];
  /** Whether the models of a configuration file stand for positionals that weren't typed. */
  takesModels?: true;
  run(input: CommandInput): Promise<void>;
}

/** The settings that a command takes: with any of them, the file that may have them. */
export function settingsOf({ takesSettings }: Command): readonly SettingName[] {
  if (typeof takesSettings === 'object') return ['config', ...takesSettings];
  return takesSettings ? settingNames : [];
}
