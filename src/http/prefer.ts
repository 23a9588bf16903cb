/** What a request asks of the way that it is answered (RFC 7240). */
export interface Preferences {
  /** `respond-async`: rather with a 202 now than with the answer later. */
  respondAsync: boolean;
  /** `wait=5`: seconds that the client would wait all the same. */
  wait?: number;
}

/** Reads a header `Prefer`; preferences of other names are nobody's concern, as the RFC has it. */
export function preferencesIn(header: string | readonly string[] | undefined): Preferences {
  if (header === undefined) return { respondAsync: false };
  const values = new Map<string, string>();
  for (const preference of [header].flat().join(',').split(',')) {
    const [whole = ''] = preference.split(';', 1);
    const [name = '', value = ''] = whole.split('=', 2).map((part) => part.trim());
    // The first of several counts.
    if (!values.has(name.toLowerCase())) values.set(name.toLowerCase(), value.replaceAll('"', ''));
  }
  const wait = values.get('wait') ?? '';
  return { respondAsync: values.has('respond-async'), ...(/^\d{1,9}$/.test(wait) && { wait: Number(wait) }) };
}
