#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import { parseArgs } from 'node:util';
import { applications } from './commands/applications.js';
import { card } from './commands/card.js';
import { type Command, settingsOf } from './commands/command.js';
import { config } from './commands/config.js';
import { configuredModels } from './commands/configured-models.js';
import { convert } from './commands/convert.js';
import { UsageError } from './commands/errors.js';
import { commandHelp, common, help } from './commands/help.js';
import { inspect } from './commands/inspect.js';
import { heedOutput, OutputClosed } from './commands/output.js';
import { predict } from './commands/predict.js';
import { serve } from './commands/serve.js';
import { printable } from './commands/table.js';
import { argumentOf, configOf, type Flags, flagOf, readSetting, readSettings } from './settings/config.js';
import { ConfigError } from './settings/config-error.js';
import { unknownVariables, withoutServices } from './settings/environment.js';
import { KnownError } from './support/errors.js';
import { nearestName } from './support/nearest-name.js';
import { packageVersion } from './support/package.js';

/** The commands by name; what names none of them is a model to serve. */
const commands: Record<string, Command> = { serve, predict, card, convert, inspect, applications, config };

const settingFlags = (command: Command) =>
  Object.fromEntries(settingsOf(command).map((name) => [flagOf(name), argumentOf(name)]));

const flagsOf = (command: Command) => ({ ...common, ...settingFlags(command), ...command.flags });

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  const name = Object.hasOwn(commands, positionals[0] ?? '') ? positionals.shift()! : undefined;
  const command = commands[name ?? 'serve']!;
  if (values.version) return console.log(packageVersion);
  if (values.help) return console.log(name ? commandHelp(command) : help(Object.values(commands), serve));

  const foreign = Object.keys(values).find((flag) => !Object.hasOwn(flagsOf(command), flag));
  if (foreign) throw new UsageError(`--${foreign} is not an option of keras-serve ${name ?? 'serve'}`);
  if (!name) refuseMisspelt(positionals[0]);
  const environment = withoutServices(process.env);
  const file = await readFile(values as Flags, environment);
  const models = command.takesModels && positionals.length === 0 ? await configuredModels(file) : undefined;
  const operands = models?.paths ?? positionals;
  const settings = readSettings(values as Flags, environment, file?.values);
  const config = configOf(settings);
  checkOperands(command, operands, command.takesNone?.(config));
  for (const sentence of unknownVariables(environment)) console.error(`keras-serve: ${printable(sentence)}`);
  await command.run({ positionals: operands, modelsFrom: models?.from, flags: values, config, settings });
}

/** The configuration file, where one is named: what reads it is loaded then alone. */
async function readFile(flags: Flags, environment: NodeJS.ProcessEnv) {
  const { value: path } = readSetting('config', flags, environment);
  return path === undefined ? undefined : (await import('./settings/config-file.js')).readConfigFile(path);
}

/** @param none why there may be none @throws UsageError where they are too few or too many */
function checkOperands(
  { operands: { least, most }, usage, missing }: Command,
  operands: readonly string[],
  none: string | undefined,
): void {
  if (none !== undefined && operands.length > 0) throw new UsageError(none);
  if (none !== undefined) return;
  if (operands.length < least)
    throw new UsageError([`Usage: keras-serve ${usage}`, missing?.(operands) ?? []].flat().join('\n'));
  if (operands.length > most) throw new UsageError(`One too many: ${operands[most]}. Usage: keras-serve ${usage}`);
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
