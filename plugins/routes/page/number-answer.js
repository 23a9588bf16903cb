import { make } from './dom.js';
import { shortNumber } from './numbers.js';

/** A number with its unit; several as a table. */
export function numberAnswer({ value, values, unit }, { card = {} }) {
  if (values === undefined) {
    const title = card.name ? [make('p', { className: 'muted', textContent: card.name })] : [];
    const number = make('span', { className: 'value', textContent: shortNumber(value), title: String(value) });
    const counted = unit === undefined ? [] : [' ', make('span', { className: 'unit', textContent: unit })];
    return make('div', {}, ...title, make('p', { className: 'number' }, number, ...counted));
  }
  const named = !Array.isArray(values);
  const entries = named ? Object.entries(values) : values.map((number, index) => [String(index + 1), number]);
  const most = Math.max(...entries.map(([, number]) => Math.abs(number ?? 0)), Number.MIN_VALUE);
  const rows = entries.map(([name, number]) => {
    const bar = make('span', { className: number < 0 ? 'length below' : 'length', ariaHidden: 'true' });
    bar.style.setProperty('--share', `${(Math.abs(number ?? 0) / most) * 100}%`);
    return make(
      'tr',
      {},
      make('th', { scope: 'row', textContent: name }),
      make('td', { textContent: shortNumber(number), title: String(number) }),
      make('td', { className: 'drawn' }, bar),
    );
  });
  const head = [named ? 'Name' : 'Place', unit ?? 'Value'].map((text) => make('th', { scope: 'col', textContent: text }));
  return make(
    'div',
    { className: 'scroller' },
    make('table', { className: 'values' }, make('thead', {}, make('tr', {}, ...head, make('td'))), make('tbody', {}, ...rows)),
  );
}
