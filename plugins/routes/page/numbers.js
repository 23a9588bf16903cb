const percents = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const large = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const small = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const tiny = new Intl.NumberFormat('en', { notation: 'scientific', maximumSignificantDigits: 4 });

/** A probability or part as people read it; what isn't from 0 to 1 is none, and a server's null is no number. */
export const percent = (part) => (isPart(part) ? percents.format(part) : shortNumber(part));

/** Rounding may bring a probability a little beyond 1. */
const isPart = (number) => number !== null && number >= 0 && number < 1.001;

/** A number with as many digits as are worth reading. */
export function shortNumber(number) {
  if (typeof number !== 'number') return number === null ? 'no number' : String(number);
  const size = Math.abs(number);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return tiny.format(number);
  return (size >= 100 ? large : small).format(number);
}

/** "1 row", "2 rows". */
export const plural = (count, word) => `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;

/** A label as people read it. */
export const labelText = (label) => label.replaceAll('_', ' ');
