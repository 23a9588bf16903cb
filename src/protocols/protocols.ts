import { openInference } from './open-inference/protocol.js';
import type { Protocol } from './protocol.js';
import { tensorFlowServing } from './tensorflow-serving/protocol.js';

const protocols: readonly Pick<Protocol<never, never>, 'prefix' | 'errorBody'>[] = [tensorFlowServing, openInference];

/** The protocol whose prefix a URL begins with, for a request that comes to no route. Undefined where there is none. */
export const protocolAt = (url: string): (typeof protocols)[number] | undefined => {
  const [, first] = url.split(/[/?#]/, 2);
  return protocols.find(({ prefix }) => prefix === `/${first}`);
};
