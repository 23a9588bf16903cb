import { spawn } from 'node:child_process';
import { packageRoot } from '../../src/support/package.js';

/** Runs a program, in the project's folder unless another is named, and gives back what it wrote and how it ended. */
export function run(
  program: string,
  args: string[],
  environment: Record<string, string> = {},
  cwd = packageRoot,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...environment } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
