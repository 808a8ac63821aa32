import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { Block } from './docs/markdown.js';
import {
  BLOCKS,
  INTERPRETERS,
  type Installation,
  isDocker,
  makeInstallation,
  makeVenv,
  README,
  run,
  serve,
  serves,
} from './support/readme-blocks.js';

/** Returns why a block cannot run here, if it cannot. */
function obstacle(block: Block, installation: Installation): string | false {
  const { language, code } = block;
  if (isDocker(block)) return 'SKIPPED: npm run test:docker runs it';
  // It would replace the packages of the running tests.
  if (code.includes('npm ci')) return 'SKIPPED: .ci/first-command runs it in a clean checkout';
  const program = INTERPRETERS[language]!;
  if (spawnSync(program, ['--version']).status !== 0) return `SKIPPED: there is no ${program}`;
  if (code.includes('pip ')) return makeVenv(installation);
  const { env } = installation;
  const lacksClient =
    code.includes('reconstruction_regressor import') &&
    spawnSync(program, ['-c', 'import reconstruction_regressor'], { env }).status !== 0;
  return lacksClient ? 'SKIPPED: the Python client is not installed, see above' : false;
}

test('the README has at most 120 lines, and all its code is of languages that are run', () => {
  assert.ok(README.trimEnd().split('\n').length <= 120);
  assert.doesNotMatch(README, /^ {4}(curl|npm|npx|docker|node|pip) /m);
  const languages = BLOCKS.map(({ language }) => language).filter((language) => language !== 'json');
  assert.deepEqual(
    languages.filter((language) => !(language in INTERPRETERS)),
    [],
  );
  assert.ok(BLOCKS.length >= 8, `${BLOCKS.length} blocks`);
});

test('every block of the README runs, one after the other', async (t) => {
  const installation = await makeInstallation(t);
  for (const block of BLOCKS.filter(({ language }) => language in INTERPRETERS)) {
    const name = block.code.split('\n')[0]!.slice(0, 80);
    await t.test(name, { skip: obstacle(block, installation) }, async () => {
      if (serves(block)) await serve(t, installation, block);
      else run(installation, block);
    });
  }
});

test('the reply that the README shows is the one that the server sends', async (t) => {
  const installation = await makeInstallation(t);
  const shown = JSON.parse(BLOCKS.find(({ language }) => language === 'json')!.code);
  await serve(t, installation, BLOCKS.find(serves)!);
  const sent = JSON.parse(run(installation, BLOCKS.find(({ code }) => code.startsWith('curl'))!)) as typeof shown;
  assert.deepEqual(Object.keys(sent), Object.keys(shown));
  // Another processor may round a multiplication and an addition once: the training differs slightly, the car does not.
  assert.ok(Math.abs(sent.predictions[0][0] - shown.predictions[0][0]) < 1, JSON.stringify(sent));
  const ratio = sent.reconstruction_error[0] / shown.reconstruction_error[0];
  assert.ok(ratio > 0.5 && ratio < 2, JSON.stringify(sent));
});
