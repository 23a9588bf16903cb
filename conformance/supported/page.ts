import { quantizedLayers } from '../../src/keras/quantized.js';
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

const quantizedModes = [...new Set(Object.values(quantizedLayers).flat())];

const quantized = [
  '## Quantized models',
  'What `model.quantize()` made is computed as Keras does, also with LoRA on top, by these layers and modes; other layers stay as they ' +
    'are. An attention layer can’t be loaded by Keras itself once its model was quantized, nor can GPTQ and AWQ out of HDF5: these are refused.',
  [
    `| | ${quantizedModes.map((mode) => `\`${mode}\``).join(' | ')} |`,
    `| --- |${' --- |'.repeat(quantizedModes.length)}`,
    ...Object.entries(quantizedLayers).map(
      ([layer, modes]) =>
        `| \`${layer}\` | ${quantizedModes.map((mode) => (modes.includes(mode) ? 'yes' : '')).join(' | ')} |`,
    ),
  ].join('\n'),
];

const lambdas = [
  '## Lambdas and layers of your own',
  'Python is never run. A `Lambda` whose code is one expression of known functions is read and served; of any other, and of a layer class ' +
    'of your own, put layers of Keras in its place, once, where Python is, and keep what was trained:',
  `\`\`\`python
import keras

# What isn't in the file has to be here: custom_objects={"name": function_or_class}
old = keras.models.load_model("old.keras", safe_mode=False)


def replace(layer):
    if layer.name == "lambda_1":
        return keras.layers.Rescaling(1 / 255)  # whatever gives the same
    return layer.__class__.from_config(layer.get_config())


new = keras.models.clone_model(old, clone_function=replace)
new.set_weights(old.get_weights())
new.save("model.keras")
\`\`\``,
];

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
    ...quantized,
    ...lambdas,
  ];
  return `${text.join('\n\n')}\n`;
}
