/** A Dockerfile as far as that of `deploy/` goes: its stages, their steps, and what an image of the last one starts. */

/** A line of a stage that changes its files: a command, or files of the context or of another stage. */
type Step =
  | { run: string; folder: string; environment: Record<string, string> }
  | { from: string | undefined; owner: string | undefined; sources: string[]; target: string };

/** One stage of a build, and what a container of it is. */
export interface Stage {
  name: string;
  steps: Step[];
  folder: string;
  environment: Record<string, string>;
  user: string | undefined;
  volumes: string[];
  healthcheck: string[];
  entrypoint: string[];
  command: string[];
}

const newStage = (name: string): Stage => ({
  name,
  steps: [],
  folder: '/',
  environment: {},
  user: undefined,
  volumes: [],
  healthcheck: [],
  entrypoint: [],
  command: [],
});

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);
const flagOf = (text: string, name: string): string | undefined => new RegExp(`(?<=--${name}=)\\S+`).exec(text)?.[0];
const inFolder = (stage: Stage, path: string): string => (path.startsWith('/') ? path : `${stage.folder}/${path}`);

/** What each instruction means for the stage that it stands in. */
const instructions: Record<string, (stage: Stage, text: string) => void> = {
  WORKDIR: (stage, text) => {
    stage.folder = text;
  },
  RUN: (stage, run) => stage.steps.push({ run, folder: stage.folder, environment: { ...stage.environment } }),
  COPY(stage, text) {
    const paths = words(text).filter((word) => !word.startsWith('--'));
    const target = inFolder(stage, paths.at(-1)!);
    stage.steps.push({ from: flagOf(text, 'from'), owner: flagOf(text, 'chown'), sources: paths.slice(0, -1), target });
  },
  ENV: (stage, text) =>
    Object.assign(stage.environment, Object.fromEntries(words(text).map((pair) => pair.split('=')))),
  USER: (stage, text) => {
    stage.user = text;
  },
  VOLUME: (stage, text) => stage.volumes.push(...JSON.parse(text)),
  HEALTHCHECK: (stage, text) => {
    stage.healthcheck = JSON.parse(text.slice(text.indexOf('CMD ') + 4));
  },
  ENTRYPOINT: (stage, text) => {
    stage.entrypoint = JSON.parse(text);
  },
  CMD: (stage, text) => {
    stage.command = JSON.parse(text);
  },
  EXPOSE: () => undefined,
};

/** The stages of a Dockerfile, in their order. @throws Error for an instruction that isn't known here */
export function readDockerfile(text: string): Stage[] {
  const stages: Stage[] = [];
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n');
  for (const line of lines.filter((line) => line.trim() !== '')) {
    const [, instruction = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (instruction === 'FROM') {
      stages.push(newStage(/ AS (\w+)$/i.exec(rest)?.[1] ?? ''));
      continue;
    }
    const act = instructions[instruction];
    if (!act) throw new Error(`Nothing is known here of ${line}`);
    act(stages.at(-1)!, rest);
  }
  return stages;
}
