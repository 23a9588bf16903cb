/**
 * Puts the command line and the packages that it loads into one file: a server that reads one file instead of a thousand
 * starts in half the time. What has native code or files of its own stays a package.
 */
import { join } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../src/package.js';

await build({
  entryPoints: [join(packageRoot, 'src/cli.ts')],
  outfile: join(packageRoot, 'dist/src/cli.js'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  external: ['@fastify/static', '@fastify/swagger-ui', 'h5wasm', 'onnxruntime-node', 'pino', 'pino-pretty', 'sharp'],
  // Packages in CommonJS call `require`.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
