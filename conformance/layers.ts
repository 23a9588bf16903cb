import { rmSync } from 'node:fs';
import type { Tensor } from '../src/support/tensor.js';
import { decode, difference, families, unpackFamily } from '../test/helpers/fixtures.js';
import { answer } from './answer.js';
import { answerOnTensorflow } from './tensorflow.js';

/** What the fixtures say of a layer. */
export interface LayerResult {
  layer: string;
  /** Cases that equal Keras in single precision, and the worst of their errors as a part of the output's scale. */
  cases: number;
  worst: number;
  /** The same for cases whose policy is half precision. */
  halfCases: number;
  worstHalf: number;
  /** Cases that TensorFlow's layers can express, in single or half precision, and the worst of their errors. */
  tensorflowCases: number;
  worstTensorflow: number;
  /** Names of the cases that are not what they should be, with what came of them. */
  failed: string[];
}

const half = 1e-3;

/** Runs every fixture that Keras made, and gathers the errors by layer. */
export async function runLayers(): Promise<LayerResult[]> {
  const results = new Map<string, LayerResult>();
  for (const family of families) {
    if (family === 'refused') continue;
    const { folder, cases } = unpackFamily(family);
    for (const fixture of cases) {
      const { layer, tolerance } = fixture;
      const result = results.get(layer) ?? {
        layer,
        cases: 0,
        worst: 0,
        halfCases: 0,
        worstHalf: 0,
        tensorflowCases: 0,
        worstTensorflow: 0,
        failed: [],
      };
      results.set(layer, result);
      if (fixture.refused) continue;
      try {
        const expected = fixture.outputs.map(decode);
        const { model, weights, inputs } = fixture;
        const outputs = await answer({ model, weights, inputs, kind: family });
        const errorOf = (given: readonly Tensor[]) =>
          Math.max(...given.map((output, index) => difference(output, expected[index]!)));
        const error = errorOf(outputs);
        const others = await answerOnTensorflow({ model, weights, inputs, kind: family });
        const otherError = others && errorOf(others);
        if (otherError !== undefined && otherError > tolerance)
          result.failed.push(`${fixture.name} on TensorFlow: off by ${otherError.toExponential(1)}`);
        else if (otherError !== undefined) {
          result.tensorflowCases++;
          result.worstTensorflow = Math.max(result.worstTensorflow, otherError);
        }
        if (!(error <= tolerance) || outputs.length !== expected.length) {
          result.failed.push(`${fixture.name}: off by ${error.toExponential(1)}`);
        } else if (tolerance > half) {
          result.halfCases++;
          result.worstHalf = Math.max(result.worstHalf, error);
        } else {
          result.cases++;
          result.worst = Math.max(result.worst, error);
        }
      } catch (error) {
        result.failed.push(`${fixture.name}: ${(error as Error).message.split('\n')[0]}`);
      }
    }
    rmSync(folder, { recursive: true });
    console.log(`fixtures: ${family}, ${cases.length} cases`);
  }
  return [...results.values()].sort((a, b) => a.layer.localeCompare(b.layer));
}
