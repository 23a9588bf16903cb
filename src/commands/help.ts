import { settingRows } from '../settings/config.js';
import { packageDescription } from '../support/package.js';
import { type Command, settingsOf } from './command.js';

/** Flags of every command. */
export const common = {
  help: { type: 'boolean', short: 'h', description: 'Print this help, or that of a command' },
  version: { type: 'boolean', short: 'v', description: 'Print the version' },
} as const;

const row = (left: string, right: string) => `  ${left.padEnd(42)} ${right}`;

const flagsHelp = (flags: Command['flags']): string[] =>
  Object.entries(flags).map(([name, { short, value, description }]) =>
    row(`${short ? `-${short}, ` : ''}--${name}${value ? ` <${value}>` : ''}`, description),
  );

const settingsHelp = (command: Command): string[] =>
  settingRows(settingsOf(command)).flatMap(({ flag, fallback, environment, description }) => [
    row(flag, description),
    row('', `default ${fallback}; environment ${environment}`),
  ]);

const optionsHelp = (command: Command): string[] => [
  ...flagsHelp(command.flags),
  ...settingsHelp(command),
  ...flagsHelp(common),
];

/** What `keras-serve <command> --help` prints. */
export const commandHelp = (command: Command): string =>
  [`Usage: keras-serve ${command.usage}`, '', `${command.summary}.`, '', 'Options:', ...optionsHelp(command)].join(
    '\n',
  );

/** What `keras-serve --help` prints. @param first the command that a model alone stands for */
export const help = (commands: readonly Command[], first: Command): string =>
  [
    packageDescription,
    '',
    'Usage:',
    row('keras-serve <model>', `The same as keras-serve serve <model>`),
    ...commands.map(({ usage, summary }) => row(`keras-serve ${usage}`, summary)),
    '',
    'Options of serve:',
    ...optionsHelp(first),
  ].join('\n');
