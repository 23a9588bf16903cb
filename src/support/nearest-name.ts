/**
 * How many letters have to be added, left out, changed, or swapped with the next to make one text of another.
 * @param most past so many it may be any number over them: that takes much less time
 */
export function editDistance(from: string, to: string, most = Number.POSITIVE_INFINITY): number {
  const [letters, others] = [[...from], [...to]];
  if (Math.abs(letters.length - others.length) > most) return Number.POSITIVE_INFINITY;
  const far = letters.length + others.length + 1;
  // Of the last rows and the one that is worked out: only so many places beside the middle can be near enough.
  let [before, row, next] = Array.from({ length: 3 }, () => new Array<number>(others.length + 1).fill(far));
  for (let j = 0; j <= Math.min(others.length, most); j++) row![j] = j;
  for (let i = 1; i <= letters.length; i++) {
    const first = Math.max(1, i - most);
    const last = Math.min(others.length, i + most);
    next![first - 1] = first === 1 ? i : far;
    for (let j = first; j <= last; j++) {
      const isSame = letters[i - 1] === others[j - 1];
      const isSwapped = i > 1 && j > 1 && letters[i - 1] === others[j - 2] && letters[i - 2] === others[j - 1];
      next![j] = Math.min(
        next![j - 1]! + 1,
        row![j]! + 1,
        row![j - 1]! + (isSame ? 0 : 1),
        isSwapped ? before![j - 2]! + 1 : far,
      );
    }
    if (last < others.length) next![last + 1] = far;
    [before, row, next] = [row, next, before];
  }
  return row![others.length]!;
}

const bare = (name: string): string =>
  name
    .slice(0, 100)
    .toLowerCase()
    .replace(/[-_. ]/g, '');

/** The known name that one was probably meant for, capitals and what parts its words aside. Undefined where none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = bare(name);
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const one of known) {
    const plain = bare(one);
    const most = Math.max(1, Math.min(3, Math.floor(plain.length / 3)));
    const distance = editDistance(wanted, plain, most);
    if (distance > most || distance >= least) continue;
    nearest = one;
    least = distance;
  }
  return nearest;
}

/** Names that a message lists. */
const mostListed = 20;

/**
 * What is wrong with names of which one isn't known, and which was probably meant.
 * @param what they are: `field of the form`
 * @returns undefined where all are known
 */
export function unknownName(names: Iterable<string>, known: readonly string[], what: string): string | undefined {
  const all = new Set(known);
  const unknown = [...names].find((name) => !all.has(name));
  if (unknown === undefined) return undefined;
  const nearest = nearestName(unknown, known);
  const list = known.slice(0, mostListed).map((name) => JSON.stringify(name));
  if (known.length > mostListed) list.push('…');
  const hint = nearest
    ? `Did you mean "${nearest}"?`
    : list.length > 0
      ? `Known ${known.length === 1 ? 'is' : 'are'} ${list.join(', ')}.`
      : 'There is none here.';
  return `${JSON.stringify(unknown.slice(0, 40))} is no known ${what}. ${hint}`;
}
