import { loadServedModel, type ServedModel } from '../catalog/served-model.js';
import { describeInputs, noImages } from '../datapoints/describe-inputs.js';
import { jsonOf } from '../datapoints/instances.js';
import { InstancesError } from '../datapoints/json-tensor.js';
import { tensorInput } from '../datapoints/kinds/tensor.js';
import { imagesOf, isImage, isText, labelCounts } from '../datapoints/kinds.js';
import { readDatapoints } from '../datapoints/read-datapoints.js';
import { type Answers, type Asker, type AskOptions, askerOf } from '../protocols/predict/ask.js';
import { tensorsOf } from '../serving/model-input.js';
import { KnownError } from '../support/errors.js';
import type { CommandInput } from './command.js';
import { showDownload } from './download-bar.js';
import { CommandError, UsageError } from './errors.js';
import { type Format, formats } from './formats.js';
import { modelOptions } from './model-flags.js';
import { writeOutput } from './output.js';
import { pictureFolder } from './pictures.js';
import { type Answered, type Printer, printers } from './predictions.js';
import { CountLine } from './progress.js';
import { formOf, inputFiles, readBytes, readJson, readText } from './read-input.js';
import { printable } from './table.js';

/** What `keras-serve predict` does: loaded when it is run. */
export async function runPredict({ positionals: [path, ...paths], flags, config }: CommandInput): Promise<void> {
  const { json } = flags;
  const topK = topKOf(flags['top-k']);
  const format = formatOf(flags);
  if ((json === undefined) === (paths.length === 0))
    throw new UsageError(
      'Give either images, folders of them, files of CSV, JSON or text, or --json with a file of numbers (- for standard input)',
    );
  if (format === 'csv' && (topK !== undefined || json !== undefined))
    throw new UsageError(`--${topK === undefined ? 'json' : 'top-k'} can't stand beside --format csv`);
  const files = await inputFiles(paths);
  const tensors = json === undefined ? undefined : await readJson(String(json));
  const out = flags.out as string | undefined;
  const writePictures = out === undefined ? undefined : await pictureFolder(out, files);
  const { weightsUrl, engine } = config;
  const onDownload = showDownload(process.stderr);
  const source = { ...modelOptions(flags), weightsUrl, engine, onDownload, processes: 1 };
  const model = await loadServedModel(path!, source);
  for (const { level, message } of model.notes) if (level === 'warn') console.error(printable(message));
  try {
    if (json !== undefined) await predictTensors(model, tensors, json === '-' ? 'standard input' : String(json));
    else {
      checkForms(model, files);
      const { setUpLibvips, ImageDecoder } = await import('../images/decoder.js');
      setUpLibvips();
      const asker = askerOf(model, new ImageDecoder({ maxPixels: config.maxPixels }), (message) =>
        console.error(printable(message)),
      );
      await askAll(asker, model, files, topK, printers[format]({ model, files, writePictures }));
    }
  } finally {
    await model.close();
  }
}

function topKOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(String(value))) throw new UsageError('--top-k must be a whole number from 1');
  return Number(value);
}

function formatOf({ format, jsonl }: Record<string, unknown>): Format {
  if (jsonl && format !== undefined && format !== 'jsonl')
    throw new UsageError(`--jsonl can't stand beside --format ${format}`);
  if (format === undefined) return jsonl ? 'jsonl' : 'table';
  const found = formats.find((one) => one === format);
  if (!found) throw new UsageError(`--format must be one of ${formats.join(', ')}`);
  return found;
}

/** @throws CommandError where a file alone isn't what the model takes */
function checkForms(model: ServedModel, files: readonly string[]): void {
  const { name, kinds } = model;
  const forms = new Set(files.map(formOf));
  const wrong =
    forms.has('image') && !isImage(kinds)
      ? noImages(model)
      : forms.has('text') && !isText(kinds) && `This model takes no text alone. ${describeInputs(model)}`;
  if (!wrong) return;
  const rows = Object.keys(imagesOf(kinds)).length > 0 ? '' : ', or rows of CSV in one that ends in .csv';
  const where = isText(kinds)
    ? 'Give a text in a file that ends in .txt'
    : `Give that in a file that ends in .json${rows}`;
  throw new CommandError(`${name}: ${wrong} ${where}.`);
}

async function predictTensors(model: ServedModel, input: unknown, source: string): Promise<void> {
  try {
    const raw = Object.fromEntries(model.inputs.map(({ name }) => [name, { kind: tensorInput.name, spec: null }]));
    const { columns } = readDatapoints(input, model, raw);
    if (Object.values(columns).some((column) => 'ragged' in column))
      throw new CommandError(
        `${source}: --json takes lists of one length. Give the file without it: keras-serve predict MODEL file.json`,
      );
    const { outputs } = await model.predict(tensorsOf(columns));
    await writeOutput(`${JSON.stringify({ predictions: jsonOf(outputs, model) })}\n`);
  } catch (error) {
    const isTensors = Object.values(model.kinds.inputs).every(({ kind }) => kind === tensorInput.name);
    const hint =
      isTensors || !(error instanceof InstancesError) ? '' : ' Without --json the file is read as /predict reads it.';
    throw about(source, error, hint);
  }
}

/** What reads a datapoint, or a list of them; CSV is read in other ways. */
const readers = { json: readJson, text: readText, image: readBytes, csv: readBytes };

/** Files that are worked on at once: while the model runs on one, the next are decoded. */
const atOnce = 4;

/** Asks about each file, and prints the answers in the order of the files. */
async function askAll(
  asker: Asker,
  model: ServedModel,
  files: readonly string[],
  topK: number | undefined,
  printer: Printer,
): Promise<void> {
  const most = Math.max(0, ...labelCounts(model.kinds));
  if (topK !== undefined && most === 0)
    throw new CommandError(`${model.name} gives no labels, of which --top-k could say how many`);
  const options = { topK: topK === undefined ? undefined : Math.min(topK, most) };
  const line = new CountLine(process.stderr, files.length, 'files');
  const print = async (answered: Answered) => {
    line.clear();
    await printer.print(answered);
  };
  const begin = async (file: string): Promise<Answers> => asker.ask(await readers[formOf(file)](file), options);
  const begun: (Promise<Answers> | undefined)[] = [];
  try {
    for (const [index, file] of files.entries()) {
      while (begun.length < Math.min(files.length, index + atOnce)) {
        const next = files[begun.length]!;
        const answers = formOf(next) === 'csv' ? undefined : begin(next);
        answers?.catch(() => undefined);
        begun.push(answers);
      }
      try {
        const answers = begun[index];
        if (answers) await print({ file, answers: await answers });
        else await askRows(asker, file, options, print);
      } catch (error) {
        throw about(file, error);
      }
      line.show(index + 1);
    }
  } finally {
    line.clear();
  }
  await printer.end?.();
}

/** Asks about the rows of CSV, and prints the answers to some after the other. */
async function askRows(
  asker: Asker,
  file: string,
  options: AskOptions,
  print: (answered: Answered) => Promise<void>,
): Promise<void> {
  const { rows, answers } = asker.askRows(await readBytes(file), options);
  const line = new CountLine(process.stderr, rows, 'rows');
  line.show(0);
  let first = 1;
  try {
    for await (const some of answers) {
      const count = some.rows;
      line.clear();
      await print({ file, answers: some, rows: { first, count } });
      first += count;
      line.show(first - 1);
    }
  } finally {
    line.clear();
  }
}

/** An error of an input with its file. */
const about = (source: string, error: unknown, hint = ''): unknown =>
  error instanceof KnownError && !(error instanceof CommandError)
    ? new CommandError(`${source}: ${error.message}${hint}`, { cause: error })
    : error;
