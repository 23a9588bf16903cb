import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelCard, Scaling } from '../../schemas/card.js';
import { editDistance } from '../support/nearest-name.js';
import { packageRoot } from '../support/package.js';

/** What Keras knows of one of its applications; `models/applications/make.py` asks it. */
export interface Application {
  /** The function of `keras.applications`: `MobileNetV2`. */
  name: string;
  parameters: number;
  /** Height and width of the images that it was trained on. */
  size: [height: number, width: number];
  /** The mode of its `preprocess_input`; `none` where the model scales by itself. */
  scaling: Extract<Scaling, string>;
  /** The weights that were trained on ImageNet. */
  weights: PublishedFile;
}

/** A file as Keras hands it to `keras.utils.get_file`. */
export interface PublishedFile {
  /** Its name in Keras's folder. */
  file: string;
  url: string;
  /** SHA-256 where it has 64 digits, else MD5. Keras published some files without. */
  hash?: string;
}

const folder = join(packageRoot, 'models/applications');

/** Every model of `keras.applications`, in the order of their names. */
export async function readApplications(): Promise<Application[]> {
  const { applications } = JSON.parse(await readFile(join(folder, 'applications.json'), 'utf8'));
  return applications as Application[];
}

/** The name under which an application is served: `mobilenetv2`. */
export const servedName = ({ name }: Application): string => name.toLowerCase();

/** The file with the architecture, as `model.to_json()` of Keras wrote it. */
export const architectureOf = (application: Application): string => join(folder, `${servedName(application)}.json.gz`);

/** The card of an application: images stretched to its size, as its `preprocess_input` has them; ImageNet's labels. */
export async function cardOf(application: Application): Promise<ModelCard> {
  const { name, size, scaling } = application;
  return {
    name: servedName(application),
    description: `${name} of Keras Applications, trained on ImageNet-1k.`,
    labels: await imageNetLabels(),
    image: { size, scaling },
  };
}

/** The classes of ImageNet as `decode_predictions` names them: those of the bundled model. */
async function imageNetLabels(): Promise<ModelCard['labels']> {
  const card = await readFile(join(packageRoot, 'models/efficientnet-lite0/serve.json'), 'utf8');
  return (JSON.parse(card) as ModelCard).labels;
}

const bare = (name: string): string => name.toLowerCase().replace(/[-_]/g, '');

/** The application that a name means, however its words are parted: `ResNet50`, `mobilenet_v2`, `efficientnet-b0`. */
export function findApplication(name: string, applications: readonly Application[]): Application | undefined {
  return applications.find((application) => bare(application.name) === bare(name));
}

/** Applications whose names are nearly this one, or begin with it: nearest first, three at most. */
export function similarApplications(name: string, applications: readonly Application[]): Application[] {
  const wanted = bare(name.slice(0, 40));
  const distanceOf = ({ name }: Application): number =>
    wanted.length > 2 && bare(name).startsWith(wanted) ? 0 : editDistance(wanted, bare(name));
  return applications
    .map((application) => ({ application, distance: distanceOf(application) }))
    .filter(({ distance }) => distance <= Math.min(3, wanted.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ application }) => application);
}
