import { type Names, type Verdict, verdicts } from './compare.js';

const parts = [
  ['layers', 'Layers'],
  ['ops', 'Operations'],
  ['activations', 'Activations'],
] as const;

/** Names of a part, without its own name before them. */
const listed = (all: readonly Verdict[]): string =>
  all.map(({ name }) => `\`${name.slice(name.indexOf('.') + 1)}\``).join(', ');

function section([prefix, title]: (typeof parts)[number], all: readonly Verdict[]): string {
  const own = all.filter(({ name }) => name.startsWith(`${prefix}.`));
  const of = (kind: Verdict['kind']) => own.filter((one) => one.kind === kind);
  const [served, refused, apart] = [of('served'), of('refused'), of('apart')];
  const rows = refused.map(({ name, reason }) => `| \`keras.${name}\` | ${reason} |`);
  return [
    `## ${title}`,
    `Served, ${served.length} of \`keras.${prefix}\`: ${listed(served)}.`,
    ...(apart.length === 0
      ? []
      : [`Nothing of their own in a model file, but constants and shapes: ${listed(apart)}.`]),
    ...(refused.length === 0 ? [] : [['| refused | why, and what to do |', '| --- | --- |', ...rows].join('\n')]),
  ].join('\n\n');
}

/** docs/supported.md: every public name of Keras, and what becomes of it. */
export function page(names: Names): string {
  const all = verdicts(names);
  const text = [
    '# Layers and operations',
    `All that Keras ${names.version} has in public, made by \`npm run conformance:catalogue\` out of the compiler's tables. What is served gives ` +
      'Keras’s answers, as [conformance.md](conformance.md) shows; a setting that can’t be is refused by its name, and so is a layer ' +
      'that is not Keras’s own. What is refused is refused when a model is loaded, never answered wrongly. Layers and functions ' +
      'of Keras 1 and 2 and of `tf` are read as well; they are not in this list.',
    ...parts.map((part) => section(part, all)),
  ];
  return `${text.join('\n\n')}\n`;
}
