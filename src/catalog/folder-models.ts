import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { ModelFileError } from '../keras/index.js';
import { CARD_FILE, MAX_CARD_BYTES } from '../support/card-file.js';
import { decodeText } from '../support/decode-text.js';
import { readWhole } from '../support/files.js';
import { endsAsModel } from '../support/model-files.js';
import { asciiName, asModelName, isModelName, nameOf, normalName, versionOf } from '../support/model-name.js';
import { fingerprintOf, type Lister } from './fingerprint.js';
import { type Folder, isForeign, ownModel, readFolder } from './folder.js';
import { absentFrom, besideModel, passedOverIn, several } from './folder-notices.js';
import { type FoundModel, type FoundVersion, type ModelsError, namesEqual } from './found-model.js';

/** The most models that are served. */
export const maxModels = 500;
/** The most versions of a model that are served. */
const maxVersions = 10;
/** How far down in a folder its only model may lie. */
const depth = 3;
/** How many folders are looked into for models that lie further down, in one scan. */
const maxFolders = 500;

/** Makes models of folders. What it comes upon on its way and leaves out is in its notices. */
export class FolderModels {
  /** Sentences on what looks like a model but isn't served, since they were last taken away. */
  notices: string[] = [];
  /** Two of one name or number, of which one is left out. */
  clashes: ModelsError[] = [];
  /** The names in cards by their paths: one that is damaged does not give its model another name. */
  private readonly cards = new Map<string, { changed: number; names: CardNames }>();
  private foldersLeft = maxFolders;
  /** What was in folders in this scan: models that lie together need it once. */
  private readonly listings = new Map<string, Promise<readonly string[]>>();
  private readonly list: Lister = (folder) => {
    const known = this.listings.get(folder) ?? readdir(folder);
    this.listings.set(folder, known);
    return known;
  };

  /** @param weights a file that belongs to the only model */
  constructor(private readonly weights?: string) {}

  /** Begins a scan. */
  begin(): void {
    this.notices = [];
    this.clashes = [];
    this.listings.clear();
    this.foldersLeft = maxFolders;
  }

  /** Notes what is passed over in a folder. */
  async note(folder: Folder): Promise<void> {
    const { byFile } = folder.names.has(CARD_FILE) ? await this.namesIn(join(folder.path, CARD_FILE)) : {};
    const absent = [...(byFile?.keys() ?? [])].filter((file) => !folder.names.has(file));
    for (const sentence of [...passedOverIn(folder), ...absentFrom(folder, absent)])
      this.notices.push(`In the folder "${folder.path}": ${sentence}`);
  }

  /**
   * The models that folders of a folder are; only those that are made to be served, if need be.
   * @param before the models of the last scan: those in a folder that can't be read now are as they were
   */
  async modelsIn(
    parent: Folder,
    names: readonly string[],
    before: readonly FoundModel[],
    onlyMarked = false,
  ): Promise<FoundModel[]> {
    const models: FoundModel[] = [];
    for (const name of names) {
      if (models.length > maxModels) break;
      const path = join(parent.path, name);
      try {
        const folder = await readFolder(path);
        if (!onlyMarked) await this.note(folder);
        const model = await this.modelIn(folder, onlyMarked);
        const isMarked = folder.names.has(CARD_FILE) || model?.path !== model?.versions[0]?.path;
        if (model && (isMarked || !onlyMarked)) models.push(model);
        else if (model) this.notices.push(besideModel(path));
      } catch (error) {
        if (!(error instanceof ModelFileError)) throw error;
        this.notices.push(error.message);
        const isGone = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
        const known = isGone ? undefined : before.find((model) => isIn(path, model.path));
        if (known) models.push(known);
      }
    }
    return models;
  }

  private async modelIn(folder: Folder, onlyMarked: boolean): Promise<FoundModel | undefined> {
    const { path } = folder;
    const name = basename(path);
    const own = ownModel(folder);
    if (own) return this.single(own, { otherwise: endsAsModel(name) ? nameOf(path) : name, formerly: name });
    const versioned = folder.models.length === 0 && (await this.versioned(folder));
    if (versioned) return versioned;
    const hasCard = folder.names.has(CARD_FILE);
    const below =
      onlyMarked || folder.models.length > 0 || isForeign(name, folder) ? [] : await this.below(folder, depth - 1);
    if (below.length === 1) {
      const cardFolder = hasCard ? path : undefined;
      return this.single(below[0]!, { otherwise: name, cardFolder });
    }
    // With a card it is meant to be a model: the loader says what is wrong with it.
    if (hasCard) return this.single(path, { otherwise: name });
    if (folder.models.length > 1)
      this.notices.push(`The folder "${path}" has several model files; none is served. Give each its own folder.`);
    if (below.length > 1) this.notices.push(`The folder "${path}" has no model file. ${several(path, below)}`);
    return undefined;
  }

  /** The paths of models in the folders of a folder, and further down; never where a link leads, or somebody else's. */
  async below(parent: Folder, levels = depth): Promise<string[]> {
    const found: string[] = [];
    for (const name of parent.folders) {
      if (parent.links.has(name)) continue;
      if (this.foldersLeft-- <= 0) {
        if (this.foldersLeft === -1)
          this.notices.push(`No more than ${maxFolders} folders are looked into for models that lie further down.`);
        break;
      }
      const folder = await readFolder(join(parent.path, name)).catch(() => undefined);
      if (!folder || isForeign(name, folder)) continue;
      const own = ownModel(folder);
      if (own) found.push(own);
      else if (folder.models.length > 0) found.push(...folder.models.map((file) => join(folder.path, file)));
      else if (levels > 1) found.push(...(await this.below(folder, levels - 1)));
    }
    return found;
  }

  /**
   * The model that a file or a folder is.
   * @param otherwise what it is called where its card doesn't say
   * @param formerly of what version 0.1 made its name
   * @param cardFolder a folder further up whose card counts
   */
  async single(
    path: string,
    {
      otherwise = nameOf(path),
      formerly = otherwise,
      cardFolder,
    }: { otherwise?: string; formerly?: string; cardFolder?: string } = {},
  ): Promise<FoundModel> {
    const fingerprint = await fingerprintOf(path, { weights: this.weights, cardFolder, list: this.list });
    const given =
      (await this.cardNameBeside(path)) ?? (cardFolder && (await this.cardName(join(cardFolder, CARD_FILE))));
    return { ...named(given, otherwise, formerly), path, versions: [{ version: 1, path, cardFolder, fingerprint }] };
  }

  /** The model whose versions are the numbered folders in its own; undefined when there are none with a model. */
  async versioned(parent: Folder): Promise<FoundModel | undefined> {
    const newest = parent.folders
      .map((name) => ({ name, version: versionOf(name) ?? -1 }))
      .filter(({ version }) => version >= 0)
      .sort((a, b) => b.version - a.version);
    const versions: FoundVersion[] = [];
    for (const { name, version } of newest) {
      const folder = await readFolder(join(parent.path, name));
      const path = ownModel(folder) ?? (folder.models.length > 1 ? folder.path : undefined);
      if (path === undefined) continue;
      const twin = versions.find((one) => one.version === version);
      if (twin) {
        this.clashes.push(namesEqual(`versions ${version} of a model`, twin.path, path));
        continue;
      }
      if (versions.length === maxVersions) {
        this.notices.push(`Of the versions in "${parent.path}" the newest ${maxVersions} are served.`);
        break;
      }
      const cardFolder = parent.path;
      versions.push({
        version,
        path,
        cardFolder,
        fingerprint: await fingerprintOf(path, { cardFolder, list: this.list }),
      });
    }
    if (versions.length === 0) return undefined;
    const given = (await this.cardName(join(parent.path, CARD_FILE))) ?? (await this.cardNameBeside(versions[0]!.path));
    return { ...named(given, basename(resolve(parent.path))), path: parent.path, versions };
  }

  private async cardNameBeside(path: string): Promise<string | undefined> {
    const found = await stat(path).catch(() => undefined);
    if (!found) return undefined;
    return found.isDirectory()
      ? this.cardName(join(path, CARD_FILE))
      : this.cardName(join(dirname(path), CARD_FILE), basename(path));
  }

  /** @param file of the model, where the card may be one for several */
  private async cardName(path: string, file = ''): Promise<string | undefined> {
    const { name, byFile } = await this.namesIn(path);
    return byFile ? byFile.get(file) : name;
  }

  private async namesIn(path: string): Promise<CardNames> {
    const found = await stat(path).catch(() => undefined);
    const known = this.cards.get(path);
    const changed = found?.isFile() && found.size <= MAX_CARD_BYTES ? found.mtimeMs : 0;
    if (known?.changed === changed) return known.names;
    const names = changed === 0 ? {} : await readCardNames(path).catch(() => known?.names ?? {});
    this.cards.set(path, { changed, names });
    return names;
  }
}

/** The name of a model: what its card says, else what is made of a text; and what was made of that before. */
function named(given: string | undefined, otherwise: string, formerly = otherwise): { name: string; alias?: string } {
  const name = given ?? asModelName(otherwise);
  const alias = asciiName(formerly);
  return given !== undefined || alias === name ? { name } : { name, alias };
}

const isIn = (folder: string, path: string) => path === folder || path.startsWith(folder + sep);

/** The name in a card; in one for several files, that of each. */
interface CardNames {
  name?: string | undefined;
  byFile?: ReadonlyMap<string, string | undefined>;
}

interface NamedCard {
  name?: unknown;
  models?: Record<string, { name?: unknown } | undefined>;
}

/** The names in a card; what else is in it, and whether it is right, is the loader's to see. */
async function readCardNames(path: string): Promise<CardNames> {
  const card = JSON.parse(decodeText(await readWhole(path, MAX_CARD_BYTES)) ?? '') as NamedCard;
  if (!card.models) return { name: nameIn(card) };
  return { byFile: new Map(Object.entries(card.models).map(([file, one]) => [file, nameIn(one)])) };
}

function nameIn({ name }: { name?: unknown } = {}): string | undefined {
  const normal = typeof name === 'string' ? normalName(name) : undefined;
  return isModelName(normal) ? normal : undefined;
}
