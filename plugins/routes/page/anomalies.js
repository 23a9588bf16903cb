import { at, make } from './dom.js';

/** What was noticed of what went into a model and came out, and looks like nonsense: a line for each input or output. */
export function showAnomalies({ anomalies = [] }) {
  at('noticed').hidden = anomalies.length === 0;
  at('anomalies').replaceChildren(
    ...anomalies.map(({ key, message }) =>
      make('li', {}, make('strong', { textContent: key.slice(key.indexOf('.') + 1) }), `: ${message}`),
    ),
  );
}
