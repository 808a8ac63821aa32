import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Block, blocksOf, ROOT, read } from './docs/markdown.js';
import { freePort } from './support/free-port.js';
import { temporaryDirectory } from './support/temporary-directory.js';
import { until } from './support/until.js';

const README = read('README.md');
const BLOCKS = blocksOf(README);
/** A block that starts the service, and does not end. */
const SERVES = /^(npx reconstruction-regressor serve|npm start|docker run .*)$/m;
const INTERPRETERS: Readonly<Record<string, string>> = { sh: 'bash', js: 'node', python: 'python3' };

/** Returns why a block cannot run here, if it cannot. */
function obstacle({ language, code }: Block): string | false {
  if (code.includes('docker ')) {
    return spawnSync('docker', ['info']).status === 0 ? false : 'SKIPPED: there is no Docker daemon';
  }
  // `npm ci` would replace the packages of the running tests. `.ci/first-command` runs this block in a clean checkout.
  if (code.includes('npm ci')) return 'SKIPPED: .ci/first-command runs it';
  const program = INTERPRETERS[language]!;
  return spawnSync(program, ['--version']).status === 0 ? false : `SKIPPED: there is no ${program}`;
}

/**
 * A directory of a person who has installed the package, with a port of its own: npx finds the command, programs the package, and
 * commands the file of the cars.
 */
async function makeInstallation(t: TestContext) {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'node_modules/.bin'), { recursive: true });
  symlinkSync(ROOT, join(directory, 'node_modules/reconstruction-regressor'));
  symlinkSync(join(ROOT, 'dist/app/cli.js'), join(directory, 'node_modules/.bin/reconstruction-regressor'));
  cpSync(join(ROOT, 'data'), join(directory, 'data'), { recursive: true });
  const port = await freePort();
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, PORT: String(port), npm_config_offline: 'true', npm_config_update_notifier: 'false' };
  const local = (code: string) =>
    code.replaceAll('localhost:8080', `localhost:${port}`).replaceAll(':8080:', `:${port}:`);
  return { directory, env, url: `http://localhost:${port}`, local };
}

type Installation = Awaited<ReturnType<typeof makeInstallation>>;

/** Starts a block that serves, and waits until it is ready. */
async function serve(
  t: TestContext,
  { directory, env, url, local }: Installation,
  { code }: Block,
): Promise<ChildProcess> {
  const cwd = code.includes('docker ') ? ROOT : directory;
  // A process group of its own: bash and npx do not pass signals on.
  const child = spawn('bash', ['-ec', local(code)], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.after(() => stop(child));
  await until('the service of the README is ready', 600, async () => {
    assert.equal(child.exitCode, null, `${code} has ended`);
    return (await fetch(`${url}/readyz`)).ok;
  });
  return child;
}

function stop({ pid, exitCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null) spawnSync('kill', ['-KILL', '--', `-${pid}`]);
}

/** Runs a block to its end, and returns what it prints. */
function run({ directory, env, local }: Installation, { language, code }: Block): string {
  const text = local(code).replaceAll(/^curl /gm, 'curl -sS --fail-with-body ');
  const args = { sh: ['-ec', text], js: ['--input-type=module', '-e', text], python: ['-c', text] }[language] ?? [];
  const { status, stdout, stderr } = spawnSync(INTERPRETERS[language]!, args, {
    cwd: directory,
    env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${code}\n${stdout}${stderr}`);
  return stdout;
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
  let serving: ChildProcess | undefined;
  for (const block of BLOCKS.filter(({ language }) => language in INTERPRETERS)) {
    const name = block.code.split('\n')[0]!.slice(0, 80);
    await t.test(name, { skip: obstacle(block) }, async (sub) => {
      if (!SERVES.test(block.code)) {
        assert.ok(run(installation, block).length > 30);
        return;
      }
      if (serving === undefined) serving = await serve(t, installation, block);
      // It would want the port of the one that runs.
      else await serve(sub, await makeInstallation(sub), block);
    });
  }
});

test('the reply that the README shows is the one that the server sends', async (t) => {
  const installation = await makeInstallation(t);
  const shown = JSON.parse(BLOCKS.find(({ language }) => language === 'json')!.code);
  const blocks = BLOCKS.filter(({ language }) => language === 'sh');
  await serve(t, installation, blocks.find(({ code }) => SERVES.test(code))!);
  const sent = JSON.parse(run(installation, blocks.find(({ code }) => code.startsWith('curl'))!)) as typeof shown;
  assert.deepEqual(Object.keys(sent), Object.keys(shown));
  // Another processor may round a multiplication and an addition once: the training differs slightly, the car does not.
  assert.ok(Math.abs(sent.predictions[0][0] - shown.predictions[0][0]) < 1, JSON.stringify(sent));
  const ratio = sent.reconstruction_error[0] / shown.reconstruction_error[0];
  assert.ok(ratio > 0.5 && ratio < 2, JSON.stringify(sent));
});
