import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer } from './support/server-process.js';
import { temporaryDirectory } from './support/temporary-directory.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

test('the curl commands of the README succeed, one after the other', async (t) => {
  const server = await startServer(t, {
    MODEL_STORE: temporaryDirectory(t),
    TRAIN_DATA: join(ROOT, 'data/auto-mpg.csv'),
  });
  await server.logged('training ended');
  const commands = README.match(/^ {4}curl .*$/gm) ?? [];
  assert.ok(commands.length >= 4);
  for (const command of commands) {
    const local = command.trim().replaceAll('localhost:8080', server.url.replace('http://', ''));
    const { status, stdout, stderr } = spawnSync('bash', ['-c', local.replace('curl', 'curl -sS --fail-with-body')], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${command}\n${stdout}${stderr}`);
    assert.ok(stdout.length > 30, command);
  }
});

test('the reply that the README shows is the one that the server sends', async (t) => {
  const server = await startServer(t, {
    MODEL_STORE: temporaryDirectory(t),
    TRAIN_DATA: join(ROOT, 'data/auto-mpg.csv'),
  });
  await server.logged('training ended');
  const shown = JSON.parse(/```json\n(.*)\n```/.exec(README)?.[1] ?? '');
  const body = /-d '(\{"instances": \[\[.*?\})'/.exec(README)?.[1] ?? '';
  const response = await fetch(`${server.url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const sent = (await response.json()) as typeof shown;
  assert.deepEqual(Object.keys(sent), Object.keys(shown));
  // Another processor may round a multiplication and an addition once: the training differs slightly, the car does not.
  assert.ok(Math.abs(sent.predictions[0][0] - shown.predictions[0][0]) < 1, JSON.stringify(sent));
  const ratio = sent.reconstruction_error[0] / shown.reconstruction_error[0];
  assert.ok(ratio > 0.5 && ratio < 2, JSON.stringify(sent));
});

test('the program of the README runs', () => {
  const program = /```js\n([\s\S]*?)```/.exec(README)?.[1] ?? '';
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /reconstruction_error/);
  assert.match(stdout, /\[ 1000, 1 \]/);
});

test('every room and file that the map and the decisions name exists', () => {
  const files = ['src', 'test', 'scripts', 'bench'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join('/', folder, path)),
  );
  for (const page of ['architecture.md', 'decisions.md']) {
    const text = readFileSync(join(ROOT, 'docs', page), 'utf8');
    const named = text.match(/(?<=`)[\w./-]+\.(ts|tsx|mjs)(?=`)/g) ?? [];
    assert.ok(named.length > 20);
    const missing = named.filter((name) => !files.some((file) => file.endsWith(`/${name}`)));
    assert.deepEqual(missing, [], page);
  }
  const map = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const rooms = map.slice(map.indexOf('## Rooms'), map.indexOf('## A row')).match(/(?<=^\| `)[\w/-]+(?=` \|)/gm) ?? [];
  assert.ok(rooms.length > 20);
  assert.deepEqual(
    rooms.filter((room) => !existsSync(join(ROOT, 'src', room))),
    [],
  );
});
