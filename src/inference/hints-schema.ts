import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { seenScalings } from '../images/scaling-hypotheses.js';
import { backboneFamilies } from '../onnx/backbones.js';
import { maxInputLayers } from '../onnx/input-layers.js';
import { maxPlaces } from './input-statistics.js';
import { type ModelHints, maxHinted, maxWords, printable } from './model-hints.js';

const Text = Type.String({ maxLength: 100 });

const Numbers = Type.Array(Type.Number(), { minItems: 1, maxItems: maxPlaces });

const Hints = Type.Object({
  scaling: Type.Optional(
    Type.Object({
      className: Text,
      name: Text,
      range: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
    }),
  ),
  pixels: Type.Optional(
    Type.Object({
      layer: Text,
      scaling: Type.Enum([...seenScalings]),
      odds: Type.Partial(Type.Record(Type.Enum([...seenScalings]), Type.Number({ minimum: 0 }))),
      brightness: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    }),
  ),
  backbone: Type.Optional(Type.Object({ family: Type.Enum(backboneFamilies), name: Text })),
  teachableMachine: Type.Optional(Type.Boolean()),
  vocabulary: Type.Optional(Type.Object({ layer: Text, file: Text })),
  inputs: Type.Optional(
    Type.Array(
      Type.Object({
        feeds: Type.Optional(Type.Array(Text, { maxItems: maxInputLayers })),
        ids: Type.Optional(Type.Number()),
        words: Type.Optional(Type.Object({ known: Type.Array(Text, { maxItems: maxWords }), others: Type.Boolean() })),
        statistics: Type.Optional(Type.Object({ layer: Text, mean: Numbers, deviation: Numbers })),
      }),
      { maxItems: maxHinted },
    ),
  ),
  outputs: Type.Optional(
    Type.Array(
      Type.Object({
        activation: Type.Optional(Text),
        loss: Type.Optional(Type.Object({ name: Text, fromLogits: Type.Optional(Type.Boolean()) })),
      }),
      { maxItems: maxHinted },
    ),
  ),
});

/** Hints out of JSON that anybody may have written; null where it is something else. */
export function parseHints(json: string): ModelHints | null {
  try {
    const hints: unknown = JSON.parse(json, (_key, value) => (typeof value === 'string' ? printable(value) : value));
    return Value.Check(Hints, hints) ? hints : null;
  } catch {
    return null;
  }
}
