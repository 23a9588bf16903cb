/** Certificates that are renewed while the server is asked, and such as end. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { certificateFolder, type MadeCertificate, makeCertificate } from '../helpers/certificates.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { until } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';

const model = doublingModel();
const serialOf = ({ cert }: MadeCertificate) => new X509Certificate(cert).serialNumber;

/** Asks again and again, each time on a new connection and on one that is kept, until it is told to stop. */
function askOn(t: TestContext, url: string) {
  const agents = [new Agent({ keepAlive: true, maxSockets: 1 }), new Agent({ keepAlive: false })];
  const serials = new Set<string>();
  let answered = 0;
  let going = true;
  const once = (agent: Agent) =>
    new Promise<void>((resolve, reject) => {
      const asked = request(`${url}/predict`, {
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        // Each is signed by itself.
        rejectUnauthorized: false,
      });
      asked.on('error', reject).on('response', async (reply) => {
        if (agent === agents[1])
          serials.add((reply.socket as import('node:tls').TLSSocket).getPeerCertificate().serialNumber);
        assert.equal(reply.statusCode, 200);
        assert.equal(await text(reply), '{"predictions":[[2,4,6]],"success":true}');
        answered++;
        resolve();
      });
      asked.end('{"instances": [[1, 2, 3]]}');
    });
  const loops = agents.map(async (agent) => {
    while (going) await once(agent);
  });
  t.after(() => agents.forEach((agent) => void agent.destroy()));
  const all = Promise.all(loops);
  return {
    serials,
    get answered() {
      return answered;
    },
    stop: () => {
      going = false;
      return all;
    },
  };
}

describe('a certificate that is renewed', () => {
  it('is taken over without a lost request, however its files are replaced; one that can’t be used isn’t', async (t) => {
    const { folder, flags, paths, ...first } = certificateFolder(t);
    const server = await startServer(t, ['--processes', '1', ...flags], model);
    const asking = askOn(t, server.url);
    const seen = async (made: MadeCertificate) =>
      until(() => asking.serials.has(serialOf(made)), 'the certificate that was made last');
    await seen(first);

    const written = makeCertificate();
    writeFileSync(paths.cert, written.cert);
    writeFileSync(paths.key, written.key);
    await seen(written);

    const renamed = makeCertificate();
    for (const which of ['cert', 'key'] as const) {
      writeFileSync(join(folder, 'new'), renamed[which]);
      renameSync(join(folder, 'new'), paths[which]);
    }
    await seen(renamed);

    // Nothing of these is served.
    const bad = makeCertificate();
    writeFileSync(paths.cert, bad.cert);
    assert.match(
      await server.line('is not the key of'),
      /"level":50,.*the certificate stays as it was: .*tls\.key is not the key of/,
    );
    writeFileSync(paths.cert, '');
    await server.line('is empty');
    rmSync(paths.cert);
    await server.line('there is no such file');
    assert.ok(!asking.serials.has(serialOf(bad)));
    const before = asking.answered;
    await until(() => asking.answered > before + 10, 'answers with the certificate before');

    writeFileSync(paths.cert, bad.cert);
    writeFileSync(paths.key, bad.key);
    await seen(bad);
    await asking.stop();
    assert.ok(server.lines.some((line) => line.includes('the certificate is renewed: localhost, 127.0.0.1, until 20')));
  });

  it('is taken over where a link leads elsewhere, as Kubernetes and certbot renew', async (t) => {
    const { folder, ...first } = certificateFolder(t);
    const write = (name: string, { cert, key }: MadeCertificate) => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'tls.crt'), cert);
      writeFileSync(join(folder, name, 'tls.key'), key);
      symlinkSync(name, join(folder, '..new'));
      renameSync(join(folder, '..new'), join(folder, '..data'));
    };
    write('..1', first);
    const paths = ['tls.crt', 'tls.key'].map((name) => {
      const path = join(folder, `linked-${name}`);
      symlinkSync(join('..data', name), path);
      return path;
    });
    const server = await startServer(t, ['--processes', '1', '--tls-cert', paths[0]!, '--tls-key', paths[1]!], model);
    const asking = askOn(t, server.url);
    const second = makeCertificate();
    write('..2', second);
    await until(() => asking.serials.has(serialOf(second)), 'the certificate that was made last');
    await asking.stop();
  });
});

describe('a certificate that ends', () => {
  for (const [what, options, message] of [
    [
      'is warned of two weeks before',
      { until: 13.5 },
      /"level":40,.*the certificate of localhost, 127\.0\.0\.1 ends \S+, in 13 days: renew it/,
    ],
    [
      'and has ended is an error',
      { from: -9, until: -2 },
      /"level":50,.*the certificate of localhost, 127\.0\.0\.1 ended \S+: clients refuse it/,
    ],
    [
      'and begins later is warned of',
      { from: 2 },
      /"level":40,.*the certificate of localhost, 127\.0\.0\.1 begins .*: clients refuse it until then/,
    ],
  ] as const)
    it(what, async (t) => {
      const server = await startServer(t, ['--processes', '1', ...certificateFolder(t, options).flags], model);
      assert.match(await server.line('the certificate of'), message);
    });

  it('is not warned of before', async (t) => {
    const server = await startServer(t, ['--processes', '1', ...certificateFolder(t, { until: 15 }).flags], model);
    await server.line('"url"');
    assert.ok(!server.lines.some((line) => line.includes('the certificate of')));
  });
});
