import { existsSync } from 'node:fs';
import { after, before } from 'node:test';
import { type Browser, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const folders = ['/usr/bin', '/usr/local/bin', '/snap/bin', '/opt/google/chrome'];
const installed = folders
  .flatMap((folder) => names.map((name) => `${folder}/${name}`))
  .concat('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome')
  .find((path) => existsSync(path));
const executablePath = process.env.CHROMIUM_PATH ?? installed;

/** Why browser tests are skipped here, or false; in CI they never are. */
export const noBrowser =
  !executablePath && !process.env.CI && 'no Chromium is installed (apt install chromium, or set CHROMIUM_PATH)';

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A headless Chromium while the tests of a suite run. */
export function useBrowser(): () => Browser {
  let browser: Browser | undefined;
  before(async () => {
    if (!executablePath) throw new Error('Chromium is missing: apt install chromium, or set CHROMIUM_PATH');
    browser = await chromium.launch({ executablePath, args });
  });
  after(() => browser?.close());
  return () => browser!;
}
