import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { backboneFamilies } from '../onnx/backbones.js';
import { type ModelHints, printable } from './model-hints.js';

const Text = Type.String({ maxLength: 100 });

const Hints = Type.Object({
  scaling: Type.Optional(
    Type.Object({
      className: Text,
      name: Text,
      range: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
    }),
  ),
  backbone: Type.Optional(Type.Object({ family: Type.Enum(backboneFamilies), name: Text })),
  teachableMachine: Type.Optional(Type.Boolean()),
  activation: Type.Optional(Text),
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
