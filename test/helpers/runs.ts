import fc from 'fast-check';

/** So many times the usual number of random inputs: mutation testing has fewer of them. */
export const runs = (times: number): { numRuns: number } => ({
  numRuns: times * (fc.readConfigureGlobal().numRuns ?? 100),
});
