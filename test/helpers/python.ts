import { spawnSync } from 'node:child_process';

// Debian's own Python has Debian's python3-requests, whichever other Python comes first in the path.
const candidates = ['python3', '/usr/bin/python3'];
const found = candidates.find((python) => spawnSync(python, ['-c', 'import requests']).status === 0);

/** A Python that has the package `requests`. */
export const python = found ?? candidates[0]!;

/** Why tests that need it are skipped here, or false; in CI they never are. */
export const noPython =
  !found && !process.env.CI && 'no Python with requests is installed (apt install python3-requests)';
