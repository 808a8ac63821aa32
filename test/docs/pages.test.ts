import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeInstallation } from '../support/readme-blocks.js';
import { startServer } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { blocksOf, pages, ROOT, read } from './markdown.js';

const PYTHON = process.env['DOCS_PYTHON'] ?? 'python3';
const NO_PYTHON =
  spawnSync(PYTHON, ['-c', 'import pandas, pyarrow, requests, urllib3; urllib3.BaseHTTPResponse']).status === 0
    ? false
    : `SKIPPED: ${PYTHON} lacks pandas, pyarrow, requests or urllib3 2; DOCS_PYTHON names another one`;
/** The Python client need not be installed. */
const PYTHON_ENVIRONMENT = {
  ...process.env,
  PYTHONPATH: join(ROOT, 'clients/python/src'),
  PYTHONDONTWRITEBYTECODE: '1',
};

const withBlocks = (language: string) =>
  pages()
    .filter((page) => page.startsWith('docs/'))
    .map((page) => ({
      page,
      codes: blocksOf(read(page)).flatMap((each) => (each.language === language ? [each.code] : [])),
    }))
    .filter(({ codes }) => codes.length > 0);

/** Starts the service on the data of the cars, whose first version serves. */
async function startOnCars(t: Parameters<typeof startServer>[0]) {
  const server = await startServer(t, {
    MODEL_STORE: temporaryDirectory(t),
    TRAIN_DATA: join(ROOT, 'data/auto-mpg.csv'),
  });
  await server.logged('training ended');
  return (code: string) => code.replaceAll('localhost:8080', server.url.replace('http://', ''));
}

for (const { page, codes } of withBlocks('sh')) {
  test(`the commands of ${page} succeed, one after the other`, async (t) => {
    const local = await startOnCars(t);
    for (const code of codes) {
      const command = local(code).replaceAll('curl ', 'curl -sS --fail-with-body ');
      const { status, stdout, stderr } = spawnSync('bash', ['-ec', command], { cwd: ROOT, encoding: 'utf8' });
      assert.equal(status, 0, `${code}\n${stdout}${stderr}`);
      assert.ok(stdout.length > 30, code);
    }
  });
}

for (const { page, codes } of withBlocks('python')) {
  test(`the Python of ${page} runs`, { skip: NO_PYTHON }, async (t) => {
    const local = await startOnCars(t);
    for (const code of codes) {
      const { status, stderr } = spawnSync(PYTHON, ['-c', local(code)], {
        cwd: ROOT,
        encoding: 'utf8',
        env: PYTHON_ENVIRONMENT,
      });
      assert.equal(status, 0, `${code}\n${stderr}`);
    }
  });
}

for (const { page, codes } of withBlocks('js')) {
  test(`the programs of ${page} run`, async (t) => {
    const local = await startOnCars(t);
    const { directory } = await makeInstallation(t);
    for (const code of codes) {
      const args = ['--input-type=module', '-e', local(code)];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      assert.ok(stdout.length > 20, stdout);
    }
  });
}

test('the reply that the guide to predictions shows is the one that the server sends', async (t) => {
  const local = await startOnCars(t);
  const blocks = blocksOf(read('docs/predict.md'));
  const shown = JSON.parse(blocks.find(({ language }) => language === 'json')!.code);
  const command = local(blocks.find(({ language }) => language === 'sh')!.code);
  const { stdout } = spawnSync('bash', ['-c', command.replace('curl ', 'curl -sS ')], { encoding: 'utf8' });
  const sent = JSON.parse(stdout) as typeof shown;
  assert.deepEqual(Object.keys(sent), Object.keys(shown));
  // Another processor may round a multiplication and an addition once: the training differs slightly, the car does not.
  assert.ok(Math.abs(sent.predictions[0][0] - shown.predictions[0][0]) < 1, stdout);
  const ratio = sent.reconstruction_error[0] / shown.reconstruction_error[0];
  assert.ok(ratio > 0.5 && ratio < 2, stdout);
});
