/** A text in a message, in quotes and cut short. */
export const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** The place of a key or index in another place, as JavaScript writes it: `instances[0].age`. */
export function at(place: string, key: string | number): string {
  if (typeof key === 'number') return `${place}[${key}]`;
  if (!/^[A-Za-z_$][\w$]{0,99}$/.test(key)) return `${place}[${quoted(key)}]`;
  return place === '' ? key : `${place}.${key}`;
}

/**
 * The place of the value that begins at a byte of a JSON text; '' is the whole.
 * @param text JSON in UTF-8, valid up to there
 */
export function placeAt(text: Buffer, end: number): string {
  // Of the arrays and objects that are open: the index of the element, or the last string, which is the key before a value.
  const keys: (number | string)[] = [];
  for (let position = 0; position < end; position++) {
    const character = String.fromCharCode(text[position]!);
    if (character === '[') keys.push(0);
    else if (character === '{') keys.push('');
    else if (character === ']' || character === '}') keys.pop();
    else if (character === ',' && typeof keys.at(-1) === 'number') keys.push((keys.pop() as number) + 1);
    else if (character === '"') {
      const start = position++;
      for (; text[position] !== 0x22; position++) if (text[position] === 0x5c) position++;
      if (typeof keys.at(-1) === 'string')
        keys.splice(-1, 1, JSON.parse(text.toString('utf8', start, position + 1)) as string);
    }
  }
  return keys.reduce<string>(at, '');
}
