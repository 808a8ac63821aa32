import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCKS, isDocker, makeInstallation, run, serve } from '../../support/readme-blocks.js';
import { missingDaemon } from './docker.js';

test('the commands of the README for Docker build and serve', { skip: await missingDaemon() }, async (t) => {
  const installation = await makeInstallation(t);
  await serve(t, installation, BLOCKS.find(isDocker)!);
  const predict = BLOCKS.find(({ code }) => code.startsWith('curl'))!;
  assert.match(run(installation, predict), /"predictions"/);
});
