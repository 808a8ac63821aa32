import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { childrenOf, gone, NO_PROC } from '../../../support/child-processes.js';
import { type ServerProcess, startServer } from '../../../support/server-process.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';

const ROWS = Array.from({ length: 600 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const targetOf = ([a, b]: number[]) => a! - b!;

async function start(t: TestContext, directory: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const data = join(directory, 'data.csv');
  await writeFile(data, `a,b,y\n${ROWS.map((row) => [...row, targetOf(row)].join(',')).join('\n')}\n`);
  const settings = { MODEL_STORE: join(directory, 'models'), TRAIN_DATA: data, TRAIN_TARGET: 'y' };
  const server = await startServer(t, { ...settings, ...env });
  await server.logged('model version serves');
  return server;
}

async function post<T>({ url }: ServerProcess, path: string, payload: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(payload) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as T;
}

/** The service and, where they can be looked up, its children: nothing finishes what was begun. */
function killAll({ child }: ServerProcess): void {
  const children = NO_PROC ? [] : childrenOf(child.pid!);
  for (const pid of [child.pid!, ...children]) process.kill(pid, 'SIGKILL');
}

const labelOf = (i: number) => ({ instances: [[i, -i]], targets: [1000 + i] });

test('labelled rows and waiting predictions that were acknowledged are there after kill -9, again and again', async (t) => {
  const directory = temporaryDirectory(t);
  let acknowledged = 0;
  const ids: string[] = [];
  for (let round = 0; round < 3; round++) {
    const server = await start(t, directory);
    // Several at once, so that the process dies in the middle of some.
    const ends = Array.from({ length: 4 }, async () => {
      for (;;) {
        try {
          const { prediction_id } = await post<{ prediction_id: string }>(server, '/predict?ids=true', {
            instances: [[1, 2]],
          });
          ids.push(prediction_id);
          await post(server, '/feedback', labelOf(acknowledged));
          acknowledged++;
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          return;
        }
        if (acknowledged === 60 * (round + 1)) killAll(server);
      }
    });
    await Promise.all([once(server.child, 'close'), ...ends]);
  }
  const server = await start(t, directory);
  const waiting = { ids, targets: ids.map(() => [0]) };
  const { rows, kept_rows } = await post<{ rows: number; kept_rows: number }>(server, '/feedback', waiting);
  assert.equal(rows, ids.length);
  // What was written when the process died, and so never acknowledged, may be there: 4 at most, each time.
  const labelled = kept_rows - rows;
  assert.ok(labelled >= acknowledged && labelled <= acknowledged + 12, `${labelled} for ${acknowledged}`);
  const { feedback } = (await (await fetch(`${server.url}/drift`)).json()) as { feedback: Record<string, unknown> };
  assert.equal(feedback['evaluated_rows'], kept_rows, 'the same version is judged by all of them');
});

test('the process of the database ends with the service, however that ends', { skip: NO_PROC }, async (t) => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const directory = temporaryDirectory(t);
    const server = await start(t, directory);
    assert.deepEqual(childrenOf(server.child.pid!), [], 'nothing runs before it is needed');
    await post(server, '/feedback', labelOf(1));
    const [child] = childrenOf(server.child.pid!);
    assert.ok(child);
    await server.stop(signal);
    await gone(child);
  }
});

test('a process of the database that is killed costs one answer at most', { skip: NO_PROC }, async (t) => {
  const server = await start(t, temporaryDirectory(t));
  await post(server, '/feedback', labelOf(1));
  const [child] = childrenOf(server.child.pid!);
  process.kill(child!, 'SIGKILL');
  await gone(child!);
  await post(server, '/predict', { instances: [[1, 2]] });
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(labelOf(2));
  const second = await fetch(`${server.url}/feedback`, { method: 'POST', headers, body });
  assert.ok([200, 503].includes(second.status));
  const { kept_rows } = await post<{ kept_rows: number }>(server, '/feedback', labelOf(3));
  assert.equal(kept_rows, second.status === 200 ? 3 : 2);
});

test('with RETRAIN=on_drift the service retrains by itself', async (t) => {
  const directory = temporaryDirectory(t);
  const store = join(directory, 'elsewhere');
  const env = { RETRAIN: 'on_drift', FEEDBACK_LEAST_ROWS: '100', FEEDBACK_STORE: store };
  const server = await start(t, directory, env);
  const moved = ROWS.map(([a, b]) => [a! + 5, b!]);
  await post(server, '/feedback', { instances: moved.slice(0, 200), targets: moved.slice(0, 200).map(targetOf) });
  for (let i = 0; i < 3; i++) await post(server, '/predict', { instances: moved });
  assert.equal((await server.logged('drift: retraining'))['rows'], 200);
  const ended = () => server.lines.filter(({ msg }) => msg === 'training ended');
  while (ended().length < 2) await once(server.child.stdout!, 'data');
  assert.equal(ended()[1]!['state'], 'succeeded');
  const { model_version } = await post<{ model_version: string }>(server, '/predict', { instances: [[5, 1]] });
  assert.equal(model_version, '2');
});
