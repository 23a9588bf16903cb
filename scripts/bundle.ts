/**
 * Puts the command line, the inference process and the packages that they load into a few files, one for what is loaded
 * together: a server that reads those instead of a thousand starts in half the time. What has native code or files of its own
 * stays a package.
 */
import { readFile, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { packageRoot } from '../src/package.js';

/** Swagger UI finds its files by where its code is: that stays the folder of the package. */
const swaggerUi: Plugin = {
  name: 'swagger-ui',
  setup({ onLoad }) {
    const root = join(packageRoot, 'node_modules/@fastify/swagger-ui');
    onLoad({ filter: /@fastify[\\/]swagger-ui[\\/].*\.js$/ }, async ({ path }) => {
      const folder = JSON.stringify(relative(root, dirname(path)));
      const here = `require('node:path').join(require.resolve('@fastify/swagger-ui/package.json'), '..', ${folder})`;
      return { contents: (await readFile(path, 'utf8')).replaceAll('__dirname', here) };
    });
  },
};

// What was built before has other names.
await rm(join(packageRoot, 'dist/src/chunks'), { recursive: true, force: true });
await build({
  entryPoints: ['cli', 'inference/process-main', 'keras/hdf5-worker'].map((name) => join(packageRoot, 'src', `${name}.ts`)),
  outdir: join(packageRoot, 'dist/src'),
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[hash]',
  minify: true,
  keepNames: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  plugins: [swaggerUi],
  external: [
    ...['@fastify/swagger-ui/package.json', 'onnxruntime-node', 'pino-pretty', 'sharp'],
    // Fastify would load these two if it were left to itself.
    ...['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler'],
  ],
  // Packages in CommonJS call `require`.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
