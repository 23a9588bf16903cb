import { nearestName } from '../support/nearest-name.js';
import { environmentOf } from './config.js';
import { type SettingName, settings } from './settings.js';

const prefix = 'KERAS_SERVE_';
/** Variables that are no settings. */
const others = [`${prefix}TENSORFLOW_BACKEND`];

/** What Kubernetes sets in every pod beside a Service that is called keras-serve: its address, in many forms. */
const isOfService = (name: string, value = ''): boolean =>
  /^KERAS_SERVE_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/.test(name) ||
  (name === `${prefix}PORT` && /^(tcp|udp|sctp):\/\//.test(value));

/** The environment without what a Service of Kubernetes left in it, which would be taken for settings. */
export const withoutServices = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name, value]) => !isOfService(name, value)));

/** The setting that a name was probably meant for: `NO_WATCH` for `WATCH=false`, which is how a switch is turned off. */
function likelySetting(name: string, own: readonly string[]): string | undefined {
  const nearest = nearestName(name, own);
  const positive = nearest === undefined && name.startsWith('NO_') && nearestName(name.slice(3), own);
  return positive ? `${positive}=false` : nearest;
}

/** A sentence on each variable that is called as if it were a setting, and is none. */
export function unknownVariables(environment: NodeJS.ProcessEnv): string[] {
  const known = [...(Object.keys(settings) as SettingName[]).flatMap(environmentOf), ...others];
  const own = known.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  return Object.keys(withoutServices(environment))
    .filter((name) => name.toUpperCase().startsWith(prefix) && !known.includes(name))
    .map((name) => {
      const nearest = likelySetting(name.slice(prefix.length).toUpperCase(), own);
      return `The environment variable ${name} is no setting${nearest ? `. Did you mean ${prefix}${nearest}?` : ': it does nothing.'}`;
    });
}
