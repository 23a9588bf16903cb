/** What counts of right answers tell. */

/** Deviations within which 95 % of a normal distribution lie, and 99.9 %: for the best of many, some of which are good by chance. */
export const [usual, strict] = [1.959963984540054, 3.290526731491926];

/** A share with the interval that it probably is in, by Wilson's score. */
export interface Share {
  share: number;
  least: number;
  most: number;
}

/**
 * How large a share of something is, of which `count` of `total` were seen.
 * @param total from 1 on
 * @param z deviations that the interval goes to
 */
export function shareOf(count: number, total: number, z: number = usual): Share {
  const share = count / total;
  const scale = 1 + z ** 2 / total;
  const centre = share + z ** 2 / (2 * total);
  const reach = z * Math.sqrt((share * (1 - share)) / total + z ** 2 / (4 * total ** 2));
  return { share, least: Math.max(0, (centre - reach) / scale), most: Math.min(1, (centre + reach) / scale) };
}

/**
 * How probable it is that one of two ways does so much better by chance, on the same examples: McNemar's exact test, one-sided.
 * @param better examples that only the first has right
 * @param worse those that only the second has right
 */
export function chanceOf(better: number, worse: number): number {
  const total = better + worse;
  let term = 0.5 ** total;
  let sum = 0;
  // Of the binomial coefficients those from `better` on.
  for (let count = 0; count <= total; count++) {
    if (count >= better) sum += term;
    term *= (total - count) / (count + 1);
  }
  return Math.min(1, sum);
}

/**
 * Which class each of the model's numbers stands for, so that most examples are right: the assignment problem, solved by augmenting paths
 * (Kuhn and Munkres).
 * @param counts of examples by their class, then by the number that the model gives
 * @returns by the model's number the class
 */
export function bestAssignment(counts: readonly (readonly number[])[]): number[] {
  const size = counts.length;
  const most = Math.max(0, ...counts.flat());
  const cost = (row: number, column: number) => most - counts[row - 1]![column - 1]!;
  const rowPrice = Array<number>(size + 1).fill(0);
  const columnPrice = Array<number>(size + 1).fill(0);
  const rowOf = Array<number>(size + 1).fill(0);
  for (let row = 1; row <= size; row++) {
    const way = Array<number>(size + 1).fill(0);
    const least = Array<number>(size + 1).fill(Number.POSITIVE_INFINITY);
    const used = Array<boolean>(size + 1).fill(false);
    let column = 0;
    rowOf[0] = row;
    do {
      used[column] = true;
      const at = rowOf[column]!;
      let delta = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let other = 1; other <= size; other++) {
        if (used[other]) continue;
        const reduced = cost(at, other) - rowPrice[at]! - columnPrice[other]!;
        if (reduced < least[other]!) [least[other], way[other]] = [reduced, column];
        if (least[other]! < delta) [delta, next] = [least[other]!, other];
      }
      for (let other = 0; other <= size; other++)
        if (used[other]) {
          rowPrice[rowOf[other]!]! += delta;
          columnPrice[other]! -= delta;
        } else least[other]! -= delta;
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      rowOf[column] = rowOf[way[column]!]!;
      column = way[column]!;
    }
  }
  return rowOf.slice(1).map((row) => row - 1);
}
