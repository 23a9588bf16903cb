#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import { parseArgs } from 'node:util';
import { applications } from './commands/applications.js';
import { card } from './commands/card.js';
import type { Command } from './commands/command.js';
import { convert } from './commands/convert.js';
import { UsageError } from './commands/errors.js';
import { inspect } from './commands/inspect.js';
import { heedOutput, OutputClosed } from './commands/output.js';
import { predict } from './commands/predict.js';
import { serve } from './commands/serve.js';
import { printable } from './commands/table.js';
import { argumentOf, type Flags, flagOf, readConfig, settingRows } from './settings/config.js';
import { ConfigError } from './settings/config-error.js';
import { unknownVariables, withoutServices } from './settings/environment.js';
import { type SettingName, settings } from './settings/settings.js';
import { KnownError } from './support/errors.js';
import { nearestName } from './support/nearest-name.js';
import { packageDescription, packageVersion } from './support/package.js';

/** The commands by name; what names none of them is a model to serve. */
const commands: Record<string, Command> = { serve, predict, card, convert, inspect, applications };

const common = {
  help: { type: 'boolean', short: 'h', description: 'Print this help, or that of a command' },
  version: { type: 'boolean', short: 'v', description: 'Print the version' },
} as const;

/** The settings that a command takes. */
function settingsOf({ takesSettings }: Command): readonly SettingName[] {
  if (typeof takesSettings === 'object') return takesSettings;
  return takesSettings ? (Object.keys(settings) as SettingName[]) : [];
}

const settingFlags = (command: Command) =>
  Object.fromEntries(settingsOf(command).map((name) => [flagOf(name), argumentOf(name)]));

const flagsOf = (command: Command) => ({ ...common, ...settingFlags(command), ...command.flags });

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  const name = Object.hasOwn(commands, positionals[0] ?? '') ? positionals.shift()! : undefined;
  const command = commands[name ?? 'serve']!;
  if (values.version) return console.log(packageVersion);
  if (values.help) return console.log(name ? commandHelp(command) : help());

  const foreign = Object.keys(values).find((flag) => !Object.hasOwn(flagsOf(command), flag));
  if (foreign) throw new UsageError(`--${foreign} is not an option of keras-serve ${name ?? 'serve'}`);
  if (!name) refuseMisspelt(positionals[0]);
  const { least, most } = command.operands;
  if (positionals.length < least)
    throw new UsageError(
      [`Usage: keras-serve ${command.usage}`, command.missing?.(positionals) ?? []].flat().join('\n'),
    );
  if (positionals.length > most)
    throw new UsageError(`One too many: ${positionals[most]}. Usage: keras-serve ${command.usage}`);
  const environment = withoutServices(process.env);
  for (const sentence of unknownVariables(environment)) console.error(`keras-serve: ${printable(sentence)}`);
  const config = readConfig(values as Flags, environment);
  await command.run({ positionals, flags: values, config });
}

/** What is called nearly as a command is one misspelt, unless it is there to be served. */
function refuseMisspelt(first = ''): void {
  const nearest = /^[a-z]+$/i.test(first) && !existsSync(first) && nearestName(first, Object.keys(commands));
  if (nearest)
    throw new UsageError(`There is no command, file or folder "${first}". Did you mean keras-serve ${nearest}?`);
}

/** Flags may stand anywhere, so the first reading is for whose they are; the same flag may be another one elsewhere. */
function parse(args: string[]) {
  const all = Object.assign({}, ...Object.values(commands).map(flagsOf)) as Command['flags'];
  try {
    const [first = ''] = parseArgs({ args, options: all, allowPositionals: true, strict: false }).positionals;
    const command = commands[Object.hasOwn(commands, first) ? first : 'serve']!;
    return parseArgs({ args, options: { ...all, ...flagsOf(command) }, allowPositionals: true });
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split('. ');
    const [, flag] = /^Unknown option '--([\w-]+)/.exec(sentence) ?? [];
    const nearest = flag && nearestName(flag, Object.keys(all));
    const hint = nearest ? `. Did you mean --${nearest}?` : '';
    throw new UsageError(sentence.replace(/^Unknown option/, 'There is no option') + hint);
  }
}

const row = (left: string, right: string) => `  ${left.padEnd(42)} ${right}`;

const commandHelp = (command: Command): string =>
  [
    `Usage: keras-serve ${command.usage}`,
    '',
    `${command.summary}.`,
    '',
    'Options:',
    ...flagsHelp(command),
    ...settingsHelp(command),
    ...Object.entries(common).map(([name, { short, description }]) => row(`-${short}, --${name}`, description)),
  ].join('\n');

const flagsHelp = ({ flags }: Command): string[] =>
  Object.entries(flags).map(([name, { short, value, description }]) =>
    row(`${short ? `-${short}, ` : ''}--${name}${value ? ` <${value}>` : ''}`, description),
  );

const settingsHelp = (command: Command): string[] =>
  settingRows(settingsOf(command)).flatMap(({ flag, fallback, environment, description }) => [
    row(flag, description),
    row('', `default ${fallback}; environment ${environment}`),
  ]);

const help = (): string =>
  [
    packageDescription,
    '',
    'Usage:',
    row('keras-serve <model>', `The same as keras-serve serve <model>`),
    ...Object.values(commands).map(({ usage, summary }) => row(`keras-serve ${usage}`, summary)),
    '',
    'Options of serve:',
    ...flagsHelp(serve),
    ...settingsHelp(serve),
    ...Object.entries(common).map(([name, { short, description }]) => row(`-${short}, --${name}`, description)),
  ].join('\n');

/** The message of an error that was foreseen says it all; any other is a fault, shown with its stack. */
function report(error: unknown): void {
  if (error instanceof OutputClosed) return;
  console.error(`keras-serve: ${error instanceof KnownError ? error.message : (error as Error).stack}`);
  if (error instanceof UsageError || error instanceof ConfigError)
    console.error('keras-serve --help lists the commands and options.');
  process.exitCode = error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
}

// From Node 22 on, what is loaded from here on is compiled only once, and then kept with Node's other caches.
(module as { enableCompileCache?(): unknown }).enableCompileCache?.();
heedOutput();
main(process.argv.slice(2)).catch(report);
