import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** A quota over its period; without one, as many as there are. */
const ratio = (quota: string, period: string): number =>
  Number(quota) > 0 && Number(period) > 0 ? Number(quota) / Number(period) : Number.POSITIVE_INFINITY;

/** The cores that a folder of the `cpu` controller allows, by the type of its file system. */
const quotas: Record<string, (folder: string) => number> = {
  cgroup2: (folder) => {
    const [quota = '', period = ''] = read(join(folder, 'cpu.max')).split(' ');
    return ratio(quota, period);
  },
  cgroup: (folder) => ratio(read(join(folder, 'cpu.cfs_quota_us')), read(join(folder, 'cpu.cfs_period_us'))),
};

/** A folder and those that it is in, up to a root. */
function* upTo(root: string, folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield at;
    if (at === root || at === dirname(at)) return;
  }
}

/**
 * How many cores' time the control groups of this process leave it, which may be a fraction; infinite without a limit.
 * @param proc the folder with what Linux says of the process
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 * @see https://docs.kernel.org/scheduler/sched-bwc.html
 */
export function cpuQuota(proc = '/proc/self'): number {
  // `4:cpu,cpuacct:/path` for version 1, `0::/path` for version 2.
  const groups = read(join(proc, 'cgroup'))
    .split('\n')
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? []);
  // `31 23 0:28 /root /mount/point options - type source options`, with other fields before the dash.
  const mounts = read(join(proc, 'mountinfo'))
    .split('\n')
    .map((line) => line.split(' '));
  const limits = mounts.flatMap((fields) => {
    const [type = '', , options = ''] = fields.slice(fields.indexOf('-') + 1);
    const [, , , root = '', point = ''] = fields;
    const isCpu = type === 'cgroup2' || (type === 'cgroup' && options.split(',').includes('cpu'));
    if (!isCpu) return [];
    const own = groups.find(([, names]) => (type === 'cgroup2' ? names === '' : names?.split(',').includes('cpu')));
    const below = relative(root, own?.[2] ?? root);
    // Seen from within a container, its group may lie outside of what is mounted: then that is its own.
    const folder = below.startsWith('..') ? point : join(point, below);
    return [...upTo(point, folder)].map(quotas[type]!);
  });
  return Math.min(...limits);
}

/** How many threads get something done at once: the processors of this process, or what a quota allows of their time. */
export const availableCores = (): number => Math.max(1, Math.min(availableParallelism(), Math.ceil(cpuQuota())));
