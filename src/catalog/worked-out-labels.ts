import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DescribedModel } from '../inference/compile-messages.js';
import type { Signature } from '../tensor.js';
import { imageInputOf } from './image-input.js';
import { type CardLabel, LabelsError, labelFiles, readLabelFiles, unreadLabelFiles } from './label-files.js';
import type { CardNote } from './worked-out-card.js';

/** The labels of a model whose card has none, where they are known. */
export interface LabelsChoice {
  labels?: CardLabel[];
  /** Whether they are numbered as Teachable Machine numbers them. */
  numbered: boolean;
  notes: CardNote[];
}

/** How many classes a model tells apart: the numbers in its one output. Undefined where its shape is not a classifier's. */
export function classesOf({ outputs }: Signature): number | undefined {
  const [output, ...others] = outputs;
  return output?.shape.length === 2 && others.length === 0 ? (output.shape[1] ?? undefined) : undefined;
}

/** What is wrong with so many labels for so many classes; of two, one number can say how likely the second is. */
export function wrongCount(labels: number, classes: number): string | undefined {
  if (labels === classes || (classes === 1 && labels === 2)) return undefined;
  return `has ${labels} ${labels === 1 ? 'label' : 'labels'} where the model has ${classes} ${classes === 1 ? 'class' : 'classes'}`;
}

/**
 * Looks for labels beside a model.
 * @param file the model file, or its folder
 * @param folder another one to look in
 * @param advice what the notes say about how to have other labels
 */
export async function chooseLabels(
  { signature, hints }: DescribedModel,
  { file, folder }: { file: string; folder?: string },
  advice: string,
): Promise<LabelsChoice> {
  const notes: CardNote[] = [];
  const classes = classesOf(signature);
  if (classes === undefined) return { numbered: false, notes };

  const unread: string[] = [];
  const isFolder = (await stat(file).catch(() => undefined))?.isDirectory();
  for (const place of [isFolder ? file : dirname(file), ...(folder === undefined ? [] : [folder])]) {
    const names = await readdir(place).catch(() => []);
    unread.push(...unreadLabelFiles(names));
    for await (const found of readLabelFiles(place, names)) {
      const wrong = found instanceof LabelsError ? found.reason : wrongCount(found.labels.length, classes);
      if (wrong) notes.push({ level: 'warn', message: `${found.file} ${wrong}: it is not used` });
      else if (!(found instanceof LabelsError)) {
        notes.push({ level: 'info', message: `labels: the ${found.labels.length} of ${found.file}` });
        return { labels: found.labels, numbered: found.numbered, notes };
      }
    }
  }
  if (!imageInputOf(signature)) return { numbered: false, notes };
  const isSigmoid = classes === 1 && hints?.activation === 'sigmoid';
  const files = `${labelFiles.slice(0, -2).join(', ')} or ${labelFiles.at(-2)}`;
  const message = isSigmoid
    ? "labels: 0 and 1, for the model's one number (a sigmoid) is how likely the second of two classes is"
    : `labels: the numbers of the classes, for no ${files} fits them`;
  const others = unread.length > 0 ? `; ${unread.slice(0, 3).join(', ')} is not read` : '';
  notes.push({ level: 'info', message: message + others, advice });
  return { ...(isSigmoid && { labels: ['0', '1'] }), numbered: false, notes };
}
