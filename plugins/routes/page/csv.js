/**
 * The cells of a table that was copied from a spreadsheet or a file: with tabs between them, or by RFC 4180 with commas or
 * semicolons. Lines without anything are left out.
 * @param separator between cells
 */
export function cellsOfText(text, separator = separatorOf(text)) {
  const rows = [[]];
  let cell = '';
  let isQuoted = false;
  const end = () => {
    rows.at(-1).push(cell);
    cell = '';
  };
  for (let at = 0; at < text.length; at++) {
    const one = text[at];
    if (isQuoted) {
      if (one !== '"') cell += one;
      else if (text[at + 1] === '"') cell += text[++at];
      else isQuoted = false;
    } else if (one === '"' && cell === '') isQuoted = true;
    else if (one === separator) end();
    else if (one === '\n') {
      end();
      rows.push([]);
    } else if (one !== '\r') cell += one;
  }
  end();
  return rows.filter((row) => row.some((one) => one.trim() !== ''));
}

/** What stands between the cells of the first line. */
function separatorOf(text) {
  const [line] = text.replace(/^[\r\n]+/, '').split('\n', 1);
  return ['\t', ';', ','].find((one) => line.includes(one)) ?? '\t';
}

/** A table by RFC 4180, with the mark by which spreadsheets know UTF-8. */
export const textOfCells = (rows) => `\ufeff${rows.map((row) => row.map(cellText).join(',')).join('\r\n')}\r\n`;

function cellText(value) {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
