/** How many letters have to be added, left out or changed to make one text of another. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries())
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === other ? 0 : 1)));
    row = next;
  }
  return row.at(-1)!;
}

const bare = (name: string): string =>
  name
    .slice(0, 100)
    .toLowerCase()
    .replace(/[-_. ]/g, '');

/** The known name that one was probably meant for, capitals and what parts its words aside. Undefined where none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((one) => ({ one, distance: editDistance(bare(name), bare(one)) }))
    .filter(({ one, distance }) => distance <= Math.max(1, Math.min(3, bare(one).length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.one;
}
