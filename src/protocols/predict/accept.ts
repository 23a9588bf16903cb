/**
 * How much a client wants a media type, from 0 to 1, by its `Accept` (RFC 9110, section 12.5.1): of the ranges that have it, the
 * narrowest counts. Parameters of ranges are passed over.
 * @param accept undefined where the client wants anything
 */
export function qualityOf(mediaType: string, accept: string | undefined): number {
  if (!accept?.trim()) return 1;
  // Commas and semicolons in quotes separate nothing.
  const ranges = accept
    .toLowerCase()
    .replaceAll(/"[^"]*"/g, '')
    .split(',');
  const qualities = new Map(
    ranges.map((range) => {
      const [name, ...parameters] = range.split(';').map((part) => part.trim());
      const quality = parameters.map((part) => /^q\s*=\s*([\d.]+)$/.exec(part)?.[1]).find((text) => text !== undefined);
      return [name!, quality === undefined ? 1 : Math.min(1, Number(quality) || 0)] as const;
    }),
  );
  const [main] = mediaType.split('/');
  const found = [mediaType, `${main}/*`, '*/*'].find((name) => qualities.has(name));
  return found === undefined ? 0 : qualities.get(found)!;
}
