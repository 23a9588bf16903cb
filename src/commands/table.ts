/** Text that can't be taken for a command by a terminal. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?');

/** A column of a table. */
export interface Column {
  title: string;
  align?: 'left' | 'right';
}

const gap = '  ';
/** No column gets narrower. */
const leastWidth = 10;

/**
 * A table in plain text: titles, a rule, rows. Where it is too wide for the terminal its widest columns are wrapped.
 * @param rows a cell for every column; indents of the first are kept when it is wrapped
 * @param width characters in a line
 */
export function formatTable(columns: readonly Column[], rows: readonly string[][], width: number): string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths = fit(
    columns.map(({ title }, index) => cells.reduce((most, row) => Math.max(most, row[index]!.length), title.length)),
    width,
  );
  const line = (row: readonly string[]): string[] => {
    const wrapped = row.map((cell, index) => wrap(cell, widths[index]!));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, number) =>
      wrapped
        .map((lines, index) => {
          const text = lines[number] ?? '';
          return columns[index]!.align === 'right' ? text.padStart(widths[index]!) : text.padEnd(widths[index]!);
        })
        .join(gap)
        .trimEnd(),
    );
  };
  return [
    ...line(columns.map(({ title }) => title)),
    widths.map((size) => '─'.repeat(size)).join(gap),
    ...cells.flatMap(line),
  ];
}

/** Widths that fit, taken from the widest columns first. */
function fit(natural: readonly number[], width: number): number[] {
  const room = width - gap.length * (natural.length - 1);
  const sum = (widths: readonly number[]) => widths.reduce((a, b) => a + b, 0);
  if (sum(natural) <= room) return [...natural];
  const capped = (cap: number) => natural.map((size) => Math.min(size, Math.max(cap, leastWidth)));
  let cap = Math.max(...natural);
  while (cap > leastWidth && sum(capped(cap)) > room) cap--;
  return capped(cap);
}

/** Lines of at most `width` characters, broken behind spaces, commas and the like where there are any. */
function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const indent = /^ */.exec(text)![0].slice(0, Math.floor(width / 2));
  const lines: string[] = [];
  let rest = text.trimStart();
  for (;;) {
    const room = width - indent.length;
    if (rest.length <= room) return [...lines, indent + rest];
    const end = Math.max(...[' ', ',', '/', '_', ']'].map((mark) => rest.lastIndexOf(mark, room - 1) + 1));
    const cut = end > room / 2 ? end : room;
    lines.push((indent + rest.slice(0, cut)).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
}
