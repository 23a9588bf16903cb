/** What a request asks of the way that it is answered (RFC 7240). */
export interface Preferences {
  /** `respond-async`: rather with a 202 now than with the answer later. */
  respondAsync: boolean;
  /** `wait=5`: seconds that the client would wait all the same. */
  wait?: number;
}

/** Reads a header `Prefer`; preferences of other names are nobody's concern, as the RFC has it. */
export function preferencesIn(header: string | readonly string[] = ''): Preferences {
  const named = [header].flat().join(',').split(',');
  const values = new Map<string, string>();
  for (const one of named) {
    const [, name, value = ''] = /^\s*([\w-]+)\s*(?:=\s*"?([^";]*?)"?\s*)?(?:;.*)?$/.exec(one) ?? [];
    // The first of several counts.
    if (name && !values.has(name.toLowerCase())) values.set(name.toLowerCase(), value);
  }
  const wait = values.get('wait') ?? '';
  return { respondAsync: values.has('respond-async'), ...(/^\d{1,9}$/.test(wait) && { wait: Number(wait) }) };
}
