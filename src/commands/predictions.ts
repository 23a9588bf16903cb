import type { ServedModel } from '../catalog/served-model.js';
import type { Answer, Answers } from '../protocols/predict/ask.js';
import { csvColumns, csvLine } from '../protocols/predict/csv-reply.js';
import { tabularOf } from '../protocols/predict/formats.js';
import { formatBytes } from '../support/bytes.js';
import { CommandError } from './errors.js';
import type { Format } from './formats.js';
import { writeOutput } from './output.js';
import type { WritePictures } from './pictures.js';
import { printable } from './table.js';

/** What a model answered about a file, or about some rows of one. */
export interface Answered {
  file: string;
  answers: Answers;
  /** The first of the rows, and how many there are: the row below the header is 1. */
  rows?: { first: number; count: number };
}

/** Prints answers, one after the other. */
export interface Printer {
  /** @throws OutputClosed */
  print(answered: Answered): Promise<void>;
  end?(): Promise<void>;
}

/** What is to be printed. */
export interface Printing {
  model: ServedModel;
  files: readonly string[];
  /** Without, pictures aren't written. */
  writePictures: WritePictures | undefined;
}

export const printers: Record<Format, (printing: Printing) => Printer> = {
  table({ model, files, writePictures }) {
    let isFirst = true;
    return {
      async print(answered) {
        const lines: string[] = [];
        for (const { file, row, predictions } of itemsOf(answered)) {
          const written = (await writePictures?.(predictions, file, row)) ?? [];
          const heading = [...(files.length > 1 ? [file] : []), ...(row === undefined ? [] : [`row ${row}`])];
          if (heading.length > 0) lines.push(`${isFirst ? '' : '\n'}${heading.join(', ')}`);
          isFirst = false;
          lines.push(...linesOf(predictions, model).map(printable), ...written.map((path) => `${path} is written`));
        }
        await writeOutput(`${lines.join('\n')}\n`);
      },
    };
  },
  json({ writePictures }) {
    const all: object[] = [];
    return {
      print: (answered) => eachItem(answered, writePictures, (item) => all.push(item)),
      end: () => writeOutput(`${JSON.stringify(all, null, 2)}\n`),
    };
  },
  jsonl: ({ writePictures }) => ({
    async print(answered) {
      const lines: string[] = [];
      await eachItem(answered, writePictures, (item) => lines.push(JSON.stringify(item)));
      await writeOutput(`${lines.join('\n')}\n`);
    },
  }),
  csv({ model: { name, outputs, kinds } }) {
    const tabular = tabularOf({ outputs, kinds });
    const other = outputs.find((output) => !tabular.includes(output));
    if (other)
      throw new CommandError(
        `${name}: CSV has a row for each datapoint, which ${JSON.stringify(other.name)}, a ${kinds.outputs[other.name]!.kind}, can't be. Print it with --format json`,
      );
    let head = csvLine(['file', ...csvColumns(outputs, kinds.outputs)]);
    return {
      async print({ file, answers }) {
        const lines = Array.from(answers.cells(), (cells) => csvLine([file, ...cells]));
        await writeOutput(head + lines.join(''));
        head = '';
      },
    };
  },
};

/** A datapoint's answer, or a file's. */
interface Item {
  file: string;
  row?: number;
  predictions: Answer;
}

/** The answer to each row; to all of them as a whole where a model gives one for all. */
function itemsOf({ file, answers, rows }: Answered): Item[] {
  const predictions = answers.values();
  return rows && Array.isArray(predictions) && predictions.length === rows.count
    ? predictions.map((one, index) => ({ file, row: rows.first + index, predictions: one }))
    : [{ file, predictions }];
}

/** Takes each item once its pictures are written. */
async function eachItem(
  answered: Answered,
  writePictures: WritePictures | undefined,
  take: (item: Item) => void,
): Promise<void> {
  for (const item of itemsOf(answered)) {
    await writePictures?.(item.predictions, item.file, item.row);
    take(item);
  }
}

type Fields = { [key: string]: Answer };
const isFields = (value: Answer | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How people read the value of each kind. */
const readers: Record<string, (value: Answer) => string[]> = {
  classes: labels,
  binary: labels,
  'multi-label': labels,
  number: (value) => {
    if (!isFields(value)) return [JSON.stringify(value)];
    const unit = value.unit === undefined ? '' : ` ${value.unit}`;
    if (!isFields(value.values)) return [`${JSON.stringify(value.value ?? value.values)}${unit}`];
    return Object.entries(value.values).map(([name, one]) => `${name}: ${JSON.stringify(one)}${unit}`);
  },
  mask: (value) =>
    isFields(value) && Array.isArray(value.areas)
      ? value.areas.map((area) =>
          isFields(area) ? `${area.label}: ${(Number(area.fraction) * 100).toFixed(1)} %` : '',
        )
      : [JSON.stringify(value)],
  image: (value) =>
    isFields(value)
      ? [`a picture of ${value.width} × ${value.height} pixels, ${formatBytes(String(value.png).length * 0.75)}`]
      : [JSON.stringify(value)],
};

function labels(value: Answer): string[] {
  if (!Array.isArray(value)) return [JSON.stringify(value)];
  return value.map((one, index) => {
    if (!isFields(one)) return JSON.stringify(one);
    const holds = one.predicted === undefined ? '' : one.predicted ? ', yes' : ', no';
    const probability = typeof one.probability === 'number' ? one.probability.toFixed(4) : 'none';
    return `${index + 1}. ${one.label}: ${probability}${holds}`;
  });
}

/** An answer as lines of text: each datapoint of several, each output of several. */
function linesOf(answer: Answer, { outputs, kinds }: ServedModel): string[] {
  const read = (value: Answer, name: string) => {
    const { kind } = kinds.outputs[name]!;
    return (readers[kind] ?? ((one: Answer) => [JSON.stringify(one)]))(value);
  };
  const datapoint = (value: Answer): string[] => {
    if (outputs.length === 1) return read(value, outputs[0]!.name);
    if (!isFields(value)) return [JSON.stringify(value)];
    return outputs.flatMap(({ name }) => [`${name}:`, ...read(value[name]!, name).map((line) => `  ${line}`)]);
  };
  return isListOfDatapoints(answer, kinds.outputs[outputs[0]!.name]!.kind)
    ? answer.flatMap((value, index) => [...(index > 0 ? [''] : []), ...datapoint(value)])
    : datapoint(answer);
}

/** The kinds whose value for one datapoint is a list. */
const listed = new Set(['classes', 'binary', 'multi-label']);

const isListOfDatapoints = (answer: Answer, kind: string): answer is Answer[] =>
  Array.isArray(answer) && (listed.has(kind) ? Array.isArray(answer[0]) : isFields(answer[0] ?? null));
