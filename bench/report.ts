import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { barChart } from './chart.js';
import { contenders } from './contenders.js';
import type { LoadResult, ServerResult } from './measure.js';
import { median, table, writeResults } from './results.js';

/** One round over one model: every contender once. */
export interface Round {
  round: number;
  date: string;
  machine: string;
  /** That each concurrency was kept up. */
  seconds: number;
  model: string;
  /** None where a model is asked in JSON. */
  bareLoops: Record<string, LoadResult>;
  servers: Record<string, ServerResult>;
}

const ours = 'keras-serve';
const tutorial = "the tutorial's server";

type Figure = (server: ServerResult) => number;
const at =
  (concurrency: number, key: keyof LoadResult): Figure =>
  ({ loads }) =>
    loads.find((load) => load.concurrency === concurrency)![key];

/** A ratio to compare in each round, and where it should be. */
interface Bound {
  what: string;
  figure: Figure;
  /** The figure's rival in a round: one contender, the best of the Keras-based ones, or the bare loop. */
  against(round: Round): number;
  bounds: Record<string, number>;
  least: boolean;
}

const isKeras = (name: string) =>
  Object.values(contenders).some((each) => each.some((contender) => contender.name === name && contender.keras));
const throughput = at(8, 'requestsPerSecond');
const tutorialOf =
  (figure: Figure) =>
  ({ servers }: Round) =>
    figure(servers[tutorial]!);
const bestKeras = ({ servers }: Round) =>
  Math.max(...Object.entries(servers).flatMap(([name, server]) => (isKeras(name) ? [throughput(server)] : [])));
const limit = 'bare Fastify route, no model (the limit)';
const limitOf = ({ bareLoops, servers }: Round) => {
  const loops = Object.values(bareLoops).map(({ requestsPerSecond }) => requestsPerSecond);
  return Math.max(...loops, servers[limit] ? throughput(servers[limit]) : 0);
};
const startOf: Figure = ({ start }) => start;

const bounds: Bound[] = [
  {
    what: "requests a second at concurrency 8, against the tutorial's server",
    figure: throughput,
    against: tutorialOf(throughput),
    bounds: { resnet50: 2, bundled: 4 },
    least: true,
  },
  {
    what: 'the same, against the best of the Keras-based contenders',
    figure: throughput,
    against: bestKeras,
    bounds: { resnet50: 1.3, bundled: 2 },
    least: true,
  },
  {
    what: 'against the limit: the bare loop, or the bare route',
    figure: throughput,
    against: limitOf,
    bounds: { resnet50: 0.97, bundled: 0.97 },
    least: true,
  },
  {
    what: "p50 at concurrency 1, against the tutorial's server",
    figure: at(1, 'p50'),
    against: tutorialOf(at(1, 'p50')),
    bounds: { resnet50: 0.5, bundled: 0.35 },
    least: false,
  },
  {
    what: "process start to first 200, against the tutorial's server",
    figure: startOf,
    against: tutorialOf(startOf),
    bounds: { resnet50: 0.15, bundled: 0.15 },
    least: false,
  },
  {
    what: "resident memory at concurrency 8, against the tutorial's server",
    figure: at(8, 'peakMemory'),
    against: tutorialOf(at(8, 'peakMemory')),
    bounds: { resnet50: 0.5, bundled: 0.5 },
    least: false,
  },
];

const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
/** Medians over the rounds, contender by contender. */
function figures(rounds: readonly Round[]): string {
  const columns: [string, Figure, (value: number) => string][] = [
    ['first 200', startOf, (value) => `${value.toFixed(2)} s`],
    ...[1, 8, 64].flatMap((concurrency): [string, Figure, (value: number) => string][] => [
      [`req/s at ${concurrency}`, at(concurrency, 'requestsPerSecond'), (value) => value.toFixed(1)],
      [`p50 at ${concurrency}`, at(concurrency, 'p50'), (value) => `${value.toFixed(1)} ms`],
      [`p99 at ${concurrency}`, at(concurrency, 'p99'), (value) => `${value.toFixed(1)} ms`],
      [`errors at ${concurrency}`, at(concurrency, 'errors'), (value) => value.toFixed(0)],
    ]),
    ['CPU ms a request at 8', at(8, 'cpuSecondsPerRequest'), (value) => (value * 1000).toFixed(1)],
    ['peak memory at 8', at(8, 'peakMemory'), megabytes],
  ];
  const names = Object.keys(rounds[0]!.servers);
  const loops = Object.keys(rounds[0]!.bareLoops).map((name) => {
    const value = (key: keyof LoadResult) => median(rounds.map(({ bareLoops }) => bareLoops[name]![key]));
    return `- ${name}: ${value('requestsPerSecond').toFixed(1)} a second, p50 ${value('p50').toFixed(1)} ms, ${(value('cpuSecondsPerRequest') * 1000).toFixed(1)} CPU ms, ${megabytes(value('peakMemory'))}`;
  });
  const rows = names.map((name) => [
    name,
    ...columns.map(([, figure, show]) => show(median(rounds.map(({ servers }) => figure(servers[name]!))))),
  ]);
  return `${table(['', ...columns.map(([title]) => title)], rows)}\n\n${loops.join('\n')}`;
}

function ratios(rounds: readonly Round[], model: string): string {
  if (!rounds[0]!.servers[ours] || !rounds[0]!.servers[tutorial]) return '';
  const rows = bounds.map(({ what, figure, against, bounds: { [model]: bound }, least }) => {
    const ratio = median(rounds.map((round) => figure(round.servers[ours]!) / against(round)));
    const met = bound === undefined ? '' : (least ? ratio >= bound : ratio <= bound) ? 'met' : '**missed**';
    return [what, ratio.toFixed(3), bound === undefined ? '' : `${least ? '≥' : '≤'} ${bound}`, met];
  });
  return table(['keras-serve', 'ratio', 'bound', ''], rows);
}

/** What the results in a folder hold; nothing where there are none. */
export function readRounds(folder: string): Round[] {
  const path = join(folder, 'results.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).rounds : [];
}

/** Writes `results.json`, `results.md` and a chart for each model. */
export function writeReport(rounds: readonly Round[], folder: string): void {
  const models = [...new Set(rounds.map(({ model }) => model))];
  const sections = models.map((model) => {
    const own = rounds.filter((round) => round.model === model);
    const bars = Object.keys(own[0]!.servers).map((name) => ({
      name,
      value: median(own.map(({ servers }) => throughput(servers[name]!))),
    }));
    const loop = { name: 'bare loop (the limit)', value: median(own.map(limitOf)) };
    const hasLoop = Object.keys(own[0]!.bareLoops).length > 0;
    writeFileSync(
      join(folder, `${model}.svg`),
      barChart(`${model}: requests a second at concurrency 8`, [...bars, ...(hasLoop ? [loop] : [])]),
    );
    const { date, machine, seconds } = own.at(-1)!;
    return `## ${model}\n\n${date}, ${machine}: medians of ${own.length} rounds, ${seconds} seconds at each concurrency.\n\n${figures(own)}\n\n![requests a second](${model}.svg)\n\n${ratios(own, model)}\n`;
  });
  writeResults(folder, 'results', 'Benchmark results', { rounds }, sections.join('\n'));
}
