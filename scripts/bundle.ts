/**
 * Puts all of keras-serve and the packages that it loads into a few files, one for what is loaded together: a server that reads
 * those instead of a thousand starts in half the time, and who installs keras-serve gets few packages. What has native code or
 * files of its own stays a package.
 */
import { readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { packageRoot } from '../src/support/package.js';
import { licencesOf } from './third-party.js';

/** Swagger UI finds its files by where its code is: that stays the folder of the package. */
const swaggerUi: Plugin = {
  name: 'swagger-ui',
  async setup({ onLoad }) {
    // `node_modules` may be a link.
    const root = await realpath(join(packageRoot, 'node_modules/@fastify/swagger-ui'));
    onLoad({ filter: /@fastify[\\/]swagger-ui[\\/].*\.js$/ }, async ({ path }) => {
      const folder = JSON.stringify(relative(root, dirname(path)));
      const here = `require('node:path').join(require.resolve('@fastify/swagger-ui/package.json'), '..', ${folder})`;
      return { contents: (await readFile(path, 'utf8')).replaceAll('__dirname', here) };
    });
  },
};

/** What programs import, and what is started as a process or a thread. */
const entries = [
  ...['cli', 'index', 'plugin'],
  ...['inference/process-main', 'inference/compile-main', 'cards/contents/read-main'],
  ...['keras/hdf5-worker', 'protocols/json-thread'],
];

/** The folder that is built into. */
const [target = 'dist'] = process.argv.slice(2);

// What was built before has other names.
await rm(join(packageRoot, target, 'src/chunks'), { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: packageRoot,
  metafile: true,
  entryPoints: entries.map((name) => join(packageRoot, 'src', `${name}.ts`)),
  outdir: join(packageRoot, target, 'src'),
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[hash]',
  // Names stay: to give functions theirs back whenever they are made took a fifth of the time of a small request.
  minifySyntax: true,
  minifyWhitespace: true,
  // Node shows the line of an error that ends a program.
  lineLimit: 160,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  plugins: [swaggerUi],
  external: [
    ...['@fastify/swagger-ui/package.json', 'onnxruntime-node', 'pino-pretty', 'sharp'],
    // Installed by who has --redis.
    ...['bullmq', 'ioredis'],
    // Fastify would load these two if it were left to itself.
    ...['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler'],
  ],
  // Packages in CommonJS call `require`.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
await writeFile(
  join(packageRoot, target, 'THIRD_PARTY_LICENSES.txt'),
  licencesOf(packageRoot, Object.keys(metafile.inputs)),
);
