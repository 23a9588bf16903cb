import { parse } from 'yaml';
import type { SideContent } from './side-content.js';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What MLflow's `MLmodel` says of the columns of a model and of its answers, where its signature is of columns with names.
 * @returns undefined where it says nothing of them
 */
export function contentOfMlflow(text: string): SideContent | undefined {
  let model: unknown;
  try {
    model = parse(text, { logLevel: 'error' });
  } catch {
    return { what: "isn't YAML" };
  }
  const signature = isObject(model) ? model.signature : undefined;
  if (!isObject(signature)) return undefined;
  const [columns, targets] = [namesIn(signature.inputs), namesIn(signature.outputs)];
  if (!columns && !targets) return undefined;
  return { what: 'holds what MLflow says of a model', ...(columns && { columns }), ...(targets && { targets }) };
}

/** The names in a schema of columns, which is JSON in a text; undefined where one has none, or where it is of tensors. */
function namesIn(schema: unknown): string[] | undefined {
  let columns: unknown;
  try {
    columns = JSON.parse(String(schema));
  } catch {
    return undefined;
  }
  if (!Array.isArray(columns) || columns.length === 0) return undefined;
  const names = columns.map((one) => (isObject(one) && one.type !== 'tensor' ? one.name : undefined));
  return names.every((name) => typeof name === 'string' && name !== '') ? (names as string[]) : undefined;
}
