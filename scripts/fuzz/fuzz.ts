import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import type { LoadOutcome } from './loader.js';
import { mutate } from './mutations.js';
import { Random } from './random.js';
import { readSeeds, type Seed } from './seeds.js';

/** What one mutated file may take. */
const limits = { milliseconds: 10_000, bytes: 2 ** 30 };

/** How often it is looked whether it took too long, in milliseconds; while this process stands still, no time goes by. */
const tick = 100;

export interface FuzzOptions {
  seed: number;
  /** The number of the first mutation, and how many follow. */
  first: number;
  count: number;
  /** Processes at once. */
  jobs: number;
  /** Whether the files of failures are kept. */
  keep: boolean;
  onProgress?(done: number, total: number): void;
}

/** A mutated file that was neither loaded nor refused as it should be. */
export interface Failure {
  /** Of the mutation. */
  number: number;
  /** Of the seed. */
  name: string;
  ending: string;
  message: string;
  kept: string | undefined;
}

export interface FuzzResult {
  /** How many files ended how. */
  counts: Map<string, number>;
  failures: Failure[];
  /** What ONNX Runtime said of models that were compiled and then refused by it: the compiler might have told sooner. */
  engineRefusals: string[];
}

/** What a process made of a file, or that it did not get that far. */
type Ending = LoadOutcome | { kind: 'too slow' | 'process ended'; message: string; memory: number };

const extension = extname(import.meta.url);

/** A process that loads files. One that died, or has grown, is replaced. */
class Loader {
  private child: ChildProcess | undefined;

  async load(model: string, weights: string | undefined): Promise<Ending> {
    this.child ??= fork(new URL(`./loader${extension}`, import.meta.url), {
      execArgv: extension === '.ts' ? ['--import', 'tsx'] : [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const { child } = this;
    let stderr = '';
    const collect = (text: Buffer) => {
      stderr = (stderr + text.toString()).slice(-2000);
    };
    child.stderr?.on('data', collect);
    let timer: NodeJS.Timeout | undefined;
    const ending = await new Promise<Ending>((resolve) => {
      let elapsed = 0;
      timer = setInterval(() => {
        elapsed += tick;
        if (elapsed >= limits.milliseconds) resolve({ kind: 'too slow', message: '', memory: 0 });
      }, tick);
      child.once('message', (outcome: LoadOutcome) => resolve(outcome));
      child.once('exit', (code, signal) =>
        resolve({ kind: 'process ended', message: `${signal ?? code}: ${stderr}`, memory: 0 }),
      );
      child.send({ model, weights }, () => undefined);
    });
    clearInterval(timer);
    child.removeAllListeners('message').removeAllListeners('exit');
    child.stderr?.off('data', collect);
    if (ending.kind === 'too slow' || ending.kind === 'process ended' || ending.memory > limits.bytes / 2) this.stop();
    return ending;
  }

  stop(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }
}

const isFailure = ({ kind, memory }: Ending): boolean =>
  kind === 'fault' || kind === 'too slow' || kind === 'process ended' || memory > limits.bytes;

const describe = (ending: Ending): string => {
  if (ending.memory > limits.bytes) return `took ${Math.round(ending.memory / 2 ** 20)} MB`;
  return ending.kind === 'refused' ? `refused: ${ending.code}` : ending.kind;
};

/** Mutates and loads. The same seed makes the same files. */
export async function fuzz({ seed, first, count, jobs, keep, onProgress }: FuzzOptions): Promise<FuzzResult> {
  const kinds = new Map<string, Seed[]>();
  for (const one of readSeeds()) kinds.set(one.kind, [...(kinds.get(one.kind) ?? []), one]);
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-fuzz-'));
  const result: FuzzResult = { counts: new Map(), failures: [], engineRefusals: [] };
  let next = first;
  let done = 0;

  const run = async (loader: Loader): Promise<void> => {
    while (next < first + count) {
      const number = next++;
      const random = new Random(seed * 1_000_003 + number);
      const one = random.pick(random.pick([...kinds.values()]));
      const place = join(folder, String(number));
      write(place, mutate(one, random));
      const load = () => loader.load(join(place, one.model), one.weights && join(place, one.weights));
      let ending = await load();
      // Once more in a process of its own: what came before may be to blame for memory, and a busy machine for time.
      if (isFailure(ending)) {
        loader.stop();
        ending = await load();
      }
      const failed = isFailure(ending);
      const key = describe(ending);
      result.counts.set(key, (result.counts.get(key) ?? 0) + 1);
      if (ending.kind === 'refused by the engine')
        result.engineRefusals.push(`--only ${number} (${one.name}): ${ending.message}`);
      if (failed) {
        const message = 'message' in ending ? ending.message : '';
        result.failures.push({ number, name: one.name, ending: key, message, kept: keep ? place : undefined });
      }
      if (!(failed && keep)) rmSync(place, { recursive: true });
      onProgress?.(++done, count);
    }
    loader.stop();
  };
  await Promise.all(Array.from({ length: jobs }, () => run(new Loader())));
  if (!keep) rmSync(folder, { recursive: true });
  return result;
}

function write(folder: string, files: Seed['files']): void {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}
