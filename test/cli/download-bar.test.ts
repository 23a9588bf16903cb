import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RemoteFile } from '../../src/applications/download.js';
import { describeDownload, logDownload } from '../../src/applications/download-lines.js';
import { bar } from '../../src/commands/download-bar.js';

const file: RemoteFile = {
  url: 'https://example.com/keras/resnet50.h5',
  path: '/home/ada/.keras/models/resnet50.h5',
  maxBytes: 2 ** 30,
  signature: Buffer.alloc(0),
};
const megabyte = 2 ** 20;
const progress = (received: number, total: number | undefined) =>
  ({ kind: 'progress', file, received: received * megabyte, total: total && total * megabyte }) as const;

describe('the bar of a download', () => {
  it('has the part, the amounts, the speed and the time that is left', () => {
    assert.equal(
      bar(progress(45, 100), 2 * megabyte, 110),
      'resnet50.h5  [=============>                ]  45 %  45 MB of 100 MB  2 MB/s  28 s left',
    );
    assert.equal(
      bar(progress(100, 100), 2 * megabyte, 110),
      'resnet50.h5  [==============================]  100 %  100 MB of 100 MB  2 MB/s  0 s left',
    );
    assert.match(bar(progress(1, 1000), 2 * megabyte, 110), / 9 min left$/);
    assert.match(bar(progress(1, 1000), megabyte / 20, 110), / 6 h left$/);
  });

  it('fits the terminal', () => {
    for (let columns = 5; columns < 120; columns++)
      for (const total of [100, undefined]) assert.ok(bar(progress(45, total), megabyte, columns).length < columns);
    assert.equal(bar(progress(45, 100), megabyte, 60), '[======>        ]  45 %  45 MB of 100 MB  1 MB/s  55 s left');
  });

  it('has no part where the server does not say how much there is', () => {
    assert.equal(bar(progress(45, undefined), megabyte, 80), 'resnet50.h5  45 MB  1 MB/s');
  });
});

describe('the lines of a download', () => {
  it('say what happens', () => {
    const url = 'https://example.com/keras/resnet50.h5';
    const to = 'to /home/ada/.keras/models/resnet50.h5';
    const lines: [Parameters<typeof describeDownload>[0], string][] = [
      [{ kind: 'started', file, received: 0, total: 100 * megabyte }, `downloading ${url} (100 MB) ${to}`],
      [{ kind: 'started', file, received: 0, total: undefined }, `downloading ${url} ${to}`],
      [
        { kind: 'started', file, received: megabyte, total: megabyte * 100 },
        `going on at 1 MB with ${url} (100 MB) ${to}`,
      ],
      [progress(45, 100), '45 MB of 100 MB'],
      [{ kind: 'waiting', file }, 'waiting for another process that downloads it'],
      [
        { kind: 'retrying', file, reason: 'the connection broke off', milliseconds: 1500 },
        'the connection broke off; once more in 1.5 s',
      ],
      [{ kind: 'finished', file, received: 100 * megabyte, milliseconds: 12_340 }, '100 MB downloaded in 12.3 s'],
    ];
    for (const [event, line] of lines) assert.equal(describeDownload(event), `resnet50.h5: ${line}`);
  });

  it('are few', () => {
    const lines: string[] = [];
    const log = logDownload((line) => lines.push(line));
    log({ kind: 'started', file, received: 0, total: 100 * megabyte });
    for (let received = 1; received <= 100; received++) log(progress(received, 100));
    log({ kind: 'finished', file, received: 100 * megabyte, milliseconds: 100 });
    assert.equal(lines.length, 2);
  });
});
