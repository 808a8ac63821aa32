import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { BLOCKS, isDocker, makeInstallation, run, serve } from '../../support/readme-blocks.js';
import { missingDaemon } from './docker.js';

test('the commands of the README for Docker build and serve', { skip: await missingDaemon() }, async (t) => {
  const installation = await makeInstallation(t);
  const { code, language } = BLOCKS.find(isDocker)!;
  await serve(t, installation, { language, code: hasBridge() ? code : withoutBridge(code, installation.url) });
  const predict = BLOCKS.find(({ code }) => code.startsWith('curl'))!;
  assert.match(run(installation, predict), /"predictions"/);
});

/** Returns whether containers can have a network of their own, whose ports are published. */
function hasBridge(): boolean {
  return spawnSync('docker', ['network', 'inspect', 'bridge']).status === 0;
}

/** Without such a network, a container uses that of the machine. */
function withoutBridge(code: string, url: string): string {
  console.log(
    'SKIPPED: publishing a port, because this Docker daemon has no bridge; the container uses the network of the machine',
  );
  return code
    .replace('docker build ', 'docker build --network host ')
    .replace(/--publish \S+/, `--network host --env HOST=127.0.0.1 --env PORT=${new URL(url).port}`);
}
