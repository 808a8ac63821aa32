import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { type ServerProcess, startServer } from '../../../support/server-process.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

/** Rows `[count, 2]`, the second following the first, and a CSV of them with a target. */
function rowsOf(seed: number, count: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const a = random.normal();
    return [a, a + random.normal()];
  });
}

async function start(t: Parameters<typeof startServer>[0], directory: string): Promise<ServerProcess> {
  const data = join(directory, 'data.csv');
  await writeFile(
    data,
    `a,b,y\n${rowsOf(1, 1500)
      .map(([a, b]) => `${a},${b},${a! - b!}`)
      .join('\n')}\n`,
  );
  const server = await startServer(t, { MODEL_STORE: join(directory, 'models'), TRAIN_DATA: data, TRAIN_TARGET: 'y' });
  await server.logged('model version serves');
  return server;
}

async function send(url: string, rows: number[][]): Promise<void> {
  for (let at = 0; at < rows.length; at += 100) {
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances: rows.slice(at, at + 100) }),
    });
    assert.equal(response.status, 200);
  }
}

interface Report {
  readonly detected: boolean;
  readonly filled_rows: number;
  readonly groups: {
    readonly group: string;
    readonly detected: boolean;
    readonly cause: object | null;
    readonly evidence: object | null;
  }[];
}

async function report(url: string): Promise<Report> {
  return (await (await fetch(`${url}/drift`)).json()) as Report;
}

test('an alarm and the rows of an unfinished window outlive a restart', async (t) => {
  const directory = temporaryDirectory(t);
  const server = await start(t, directory);
  await send(
    server.url,
    rowsOf(2, 700).map(([a, b]) => [a! + 5, b!]),
  );
  const before = await report(server.url);
  assert.equal(before.detected, true);
  assert.ok(before.groups.some(({ evidence }) => evidence));
  assert.equal(before.filled_rows, 200);
  await server.stop('SIGTERM');

  const again = await start(t, directory);
  const after = await report(again.url);
  assert.deepEqual(after.groups, before.groups);
  assert.equal(after.filled_rows, 200);
});

test('kill -9 loses only the rows since the state was last saved', async (t) => {
  const directory = temporaryDirectory(t);
  const server = await start(t, directory);
  await send(
    server.url,
    rowsOf(2, 700).map(([a, b]) => [a! + 5, b!]),
  );
  const state = join(directory, 'models/reconstruction_regressor/.documents/drift-state.json');
  // The state is saved every ten seconds, without an event outside the process.
  for (let waited = 0; !existsSync(state); waited += 0.1) {
    assert.ok(waited < 30, 'the state was not kept within 30 s');
    await sleep(100);
  }
  await send(server.url, rowsOf(3, 100));
  await server.stop('SIGKILL');
  assert.ok(JSON.parse(await readFile(state, 'utf8')));

  const again = await start(t, directory);
  const after = await report(again.url);
  assert.equal(after.detected, true);
  assert.equal(after.filled_rows, 200);
});
