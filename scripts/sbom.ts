import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dependenciesOf } from './dependencies.js';

interface Component {
  'bom-ref': string;
  name: string;
  version: string;
  licenses?: { license?: { id?: string; name?: string }; expression?: string }[];
}

interface Bom {
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/**
 * What users of keras-serve get, as a CycloneDX document of npm's: what is installed with it, on any platform, and what is built into it.
 * npm's own `--omit dev` leaves out what developers use as well.
 */
export function sbomOf(root: string): object {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const text = execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    shell: process.platform === 'win32',
  });
  const bom = JSON.parse(text) as Bom;
  const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string };
  const licences = new Map(dependenciesOf(root).map(({ name, version, licence }) => [`${name}@${version}`, licence]));
  const components = bom.components.flatMap((component) => {
    const licence = licences.get(`${component.name}@${component.version}`);
    // npm has none that is in no words of SPDX.
    return licence ? [{ licenses: [{ license: { name: licence } }], ...component }] : [];
  });
  const refs = new Set([bom.metadata.component, ...components].map((component) => component['bom-ref']));
  const dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
  // npm takes the folder's name for the package's.
  const component = { ...bom.metadata.component, name };
  return { ...bom, metadata: { ...bom.metadata, component }, components, dependencies };
}
