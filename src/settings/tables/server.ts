import { fileMode, listeningHost } from '../hosts.js';
import { duration, oneOf, optional, text, whole } from '../parsers.js';
import { setting } from '../setting.js';

/** Where the server listens, what it logs, and how it ends. */
export const serverSettings = {
  config: setting({
    value: 'file',
    fallback: 'none',
    parse: optional(text),
    description: 'File of settings, in YAML or JSON: options by their names, and models, a list of what is served',
  }),
  host: setting({
    value: 'address',
    fallback: 'localhost',
    parse: listeningHost,
    description:
      'Address to listen on; 0.0.0.0 lets other machines in, unix:/run/keras-serve/http.sock listens on a Unix socket, fd:3 on the one that systemd gives, both without a port',
  }),
  port: setting({
    value: 'number',
    fallback: '5000',
    parse: whole(0, 65535),
    environment: ['PORT'],
    description: 'Port to listen on; 0 takes a free one',
  }),
  socketMode: setting({
    value: 'mode',
    fallback: '660',
    parse: fileMode,
    description: 'Who may connect to a Unix socket, as the mode of its file: owner and group by default',
  }),
  logLevel: setting({
    value: 'level',
    fallback: 'info',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    description: 'Least level that is logged: trace, debug, info, warn, error, fatal or silent',
  }),
  logFormat: setting({
    value: 'format',
    fallback: 'auto',
    parse: oneOf('auto', 'json', 'pretty'),
    description: 'Log lines as json or pretty; auto is pretty on a terminal',
  }),
  closeTimeout: setting({
    value: 'duration',
    fallback: '30',
    parse: duration(1, 3600),
    description: 'How long running requests get to finish on SIGTERM or Ctrl+C',
  }),
  drainDelay: setting({
    value: 'duration',
    fallback: '0',
    parse: duration(0, 3600),
    description:
      'How long /health/ready says 503 after SIGTERM or Ctrl+C while requests are still taken, before closing begins',
  }),
};
