/** Runs the steps of a Dockerfile without Docker: each stage is a folder, in which the very lines of the file are run. */
import { execFileSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Stage } from './dockerfile.js';

/** Who a container runs as here: nobody, who owns nothing of the machine's. */
export const nobody = 65534;

/** The variables that a command of a stage finds; nothing else of the environment but what finds programs and registries. */
export const environmentOf = (own: Record<string, string>): Record<string, string> => ({
  ...(Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      /^(PATH|HOME|.*_proxy|npm_config_.*|NODE_EXTRA_CA_CERTS)$/i.test(name),
    ),
  ) as Record<string, string>),
  ...own,
});

/** Gives a folder with all in it to an owner. */
function give(path: string, owner: number): void {
  chownSync(path, owner, owner);
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) give(join(path, name), owner);
}

/**
 * Builds all stages.
 * @param context the folder whose files are copied
 * @param place where the stages' folders are made
 * @returns the folder of the last stage
 */
export function buildStages(stages: readonly Stage[], context: string, place: string): string {
  const rootOf = (stage: Stage) => join(place, stage.name || 'image');
  for (const stage of stages) {
    for (const step of stage.steps) {
      if ('run' in step) {
        console.log(`RUN ${step.run}`);
        const cwd = join(rootOf(stage), step.folder);
        mkdirSync(cwd, { recursive: true });
        execFileSync('sh', ['-c', step.run], { cwd, env: environmentOf(step.environment), stdio: 'inherit' });
        continue;
      }
      const from = stages.find(({ name }) => name === step.from);
      for (const source of step.sources) {
        const path = join(from ? rootOf(from) : context, source);
        const target = join(rootOf(stage), step.target);
        const isInto = /\/(\.\/)?$/.test(step.target) && !statSync(path).isDirectory();
        const end = isInto ? join(target, basename(source)) : target;
        mkdirSync(dirname(end), { recursive: true });
        cpSync(path, end, { recursive: true, verbatimSymlinks: true });
        if (step.owner && process.getuid?.() === 0) give(end, nobody);
      }
    }
  }
  const image = rootOf(stages.at(-1)!);
  for (const volume of stages.at(-1)!.volumes)
    if (!existsSync(join(image, volume))) throw new Error(`The image has no folder ${volume}`);
  return image;
}
