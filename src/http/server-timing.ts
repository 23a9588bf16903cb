import type { StageTimings } from '../serving/request-context.js';

/** The header `Server-Timing` of an answer (https://www.w3.org/TR/server-timing/): none where no model was asked. */
export function serverTiming(timings: StageTimings): Record<string, string> {
  const stages = Object.entries(timings).map(([stage, duration]) => `${stage};dur=${duration.toFixed(1)}`);
  return stages.length > 0 ? { 'server-timing': stages.join(', ') } : {};
}
