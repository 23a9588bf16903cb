import { automatic, bytes, duration, memory, whole } from '../parsers.js';
import { setting } from '../setting.js';

/** What requests may take. */
export const limitsSettings = {
  maxImageSize: setting({
    value: 'size',
    fallback: '10MB',
    parse: bytes,
    description: 'Largest image file that is accepted; larger ones get 413',
  }),
  maxJsonSize: setting({
    value: 'size',
    fallback: '64MB',
    parse: bytes,
    description: 'Largest body of JSON that is accepted; larger ones get 413',
  }),
  maxRows: setting({
    value: 'number',
    fallback: '100000',
    parse: whole(1, 1_000_000_000),
    description: 'Most rows, or images, that one request may have',
  }),
  maxReplySize: setting({
    value: 'size',
    fallback: '256MB',
    parse: bytes,
    description: 'Largest reply; what would be larger gets 413, where shapes tell before the model is run',
  }),
  maxMemory: setting({
    value: 'size',
    fallback: 'auto',
    parse: automatic(memory),
    description: 'Memory that all requests together may take; more get 503. auto is half of what the process may have',
  }),
  maxPixels: setting({
    value: 'number',
    fallback: '50000000',
    parse: whole(1, 268_402_689),
    description: 'Most pixels an image may have, whatever the size of its file',
  }),
  maxConnections: setting({
    value: 'number',
    fallback: '1000',
    parse: whole(1, 1_000_000),
    description:
      'Most connections at once; for one more, the longest idle is closed, else the one whose request has been arriving for longest',
  }),
  maxPipelined: setting({
    value: 'number',
    fallback: '16',
    parse: whole(1, 10_000),
    description:
      'Most requests of one connection that are worked on at once; more stay unread until these are answered',
  }),
  maxQueue: setting({
    value: 'number',
    fallback: '128',
    parse: whole(1, 1_000_000),
    description: 'Most requests that wait for the model; more get 503',
  }),
  deadline: setting({
    value: 'duration',
    fallback: '30',
    parse: duration(1, 3600),
    description: 'How long the model may take to answer a request before it gets 504',
  }),
  requestTimeout: setting({
    value: 'duration',
    fallback: '60',
    parse: duration(1, 3600),
    description: 'How long a request may take to arrive before it gets 408',
  }),
  replyTimeout: setting({
    value: 'duration',
    fallback: '60',
    parse: duration(1, 3600),
    description: 'How long a client may take nothing of its reply before its connection is closed',
  }),
};
