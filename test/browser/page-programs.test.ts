import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { packageRoot } from '../../src/support/package.js';
import { photo } from '../helpers/app.js';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { folderOf, kindModels } from '../helpers/kind-models.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { openPage, servePage } from '../helpers/page.js';
import { noPython, python } from '../helpers/python.js';
import { run } from '../helpers/run.js';

/** What the page says with each of its programs is run, in a folder with the picture. */
describe('the programs on the page', { skip: noBrowser }, () => {
  const browser = useBrowser();
  let server: Awaited<ReturnType<typeof servePage>>;
  // Where packages that the project has are found.
  mkdirSync(join(packageRoot, 'dist'), { recursive: true });
  const folder = mkdtempSync(join(packageRoot, 'dist', 'programs-'));
  const picture = "my cat's; photo.jpg";
  before(async () => {
    writeFileSync(join(folder, picture), photo('cat.jpg'));
    server = await servePage(folderOf(kindModels));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await server?.close();
  });

  const ways: Record<string, (code: string) => Promise<{ code: number | null; stdout: string; stderr: string }>> = {
    curl: (code) => run('sh', ['-c', `${code} --silent`], {}, folder),
    TypeScript: (code) => {
      writeFileSync(
        join(folder, 'ask.mts'),
        code.replace('console.log(predictions)', 'console.log(JSON.stringify({ predictions }))'),
      );
      return run(process.execPath, ['--import', 'tsx', 'ask.mts'], {}, folder);
    },
    ...(noPython
      ? {}
      : {
          Python: (code: string) =>
            run(python, ['-c', code.replace('print(reply.json()["predictions"])', 'print(reply.text)')], {}, folder),
        }),
  };

  /** Runs each program as it stands on the page. @returns what each of them is answered */
  async function runAll(page: Page): Promise<unknown[]> {
    const replies: unknown[] = [];
    for (const [name, runProgram] of Object.entries(ways)) {
      await page.getByRole('tab', { name }).click();
      const program = await page.getByRole('tabpanel').locator('code').innerText();
      const { code, stdout, stderr } = await runProgram(program);
      assert.equal(code, 0, `${program}\n${stderr}`);
      replies.push(JSON.parse(stdout).predictions);
    }
    return replies;
  }

  async function open(t: TestContext, model: string) {
    const opened = await openPage(t, browser(), { url: server.url });
    await opened.page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'keras-serve' }).waitFor();
    await opened.page.getByLabel('Model', { exact: true }).selectOption(model);
    await opened.page.getByRole('heading', { level: 1, name: model, exact: true }).waitFor();
    return opened;
  }

  it('send the columns of a table', async (t) => {
    const { page } = await open(t, 'houses');
    await page.getByLabel('area').fill('120');
    await page.getByLabel('rooms').fill('4');
    for (const reply of await runAll(page)) assert.deepEqual(reply, { value: 460, unit: 'thousand dollars' });
  });

  it('send a text', async (t) => {
    const { page } = await open(t, 'reviews');
    await page.getByLabel('words').fill('It\'s a good film: "good" plot\nand 100 % fun');
    const replies = (await runAll(page)) as { label: string; probability: number }[][];
    for (const [first] of replies)
      assert.deepEqual(first, { label: 'positive', probability: replies[0]![0]!.probability });
  });

  it('send a picture beside the columns of a table', async (t) => {
    const { page } = await open(t, 'clinic');
    await page.getByLabel('photo').setInputFiles(join(folder, picture));
    await page.getByLabel('age').fill('90');
    const replies = (await runAll(page)) as { label: string; probability: number }[][];
    for (const [first] of replies) {
      assert.equal(first!.label, 'ill');
      assert.ok(Math.abs(first!.probability - replies[0]![0]!.probability) < 1e-6);
    }
  });

  it('are the chosen model’s before it has a picture', async (t) => {
    const { page } = await open(t, 'houses');
    for (const [model, fields] of [
      ['clinic', ['photo', 'age', 'pulse']],
      ['colours', ['image']],
    ] as const) {
      await page.getByLabel('Model', { exact: true }).selectOption(model);
      await page.getByRole('heading', { level: 1, name: model, exact: true }).waitFor();
      const program = await page.locator('#curl').innerText();
      assert.deepEqual(
        Array.from(program.matchAll(/-F (\w+)=/g), ([, field]) => field),
        fields,
        program,
      );
      assert.match(program, new RegExp(`^curl -X POST -F ${fields[0]}=@dog\\.jpg .*/models/${model}/predict`));
    }
  });

  it('send a picture alone', async (t) => {
    const { page } = await open(t, 'colours');
    await page.getByLabel('Picture').setInputFiles(join(folder, picture));
    await page.getByText(/^Answered in/).waitFor();
    for (const reply of (await runAll(page)) as { negative: { width: number } }[])
      assert.equal(reply.negative.width, 363);
  });

  it('send JSON as it was written, and rows', async (t) => {
    const { page } = await openPage(t, browser(), { model: doublingModel() });
    await page.locator('#body').fill('{"instances": [[1, 2, 3],\n [4, 5, 6]]}');
    const doubled = [
      [2, 4, 6],
      [8, 10, 12],
    ];
    for (const reply of await runAll(page)) assert.deepEqual(reply, doubled);
    const long = { instances: Array(200).fill([1, 2, 3]) };
    await page.locator('#body').fill(JSON.stringify(long));
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download request.json' }).click();
    await (await download).saveAs(join(folder, 'request.json'));
    for (const reply of await runAll(page)) assert.equal((reply as unknown[]).length, 200);
  });
});
