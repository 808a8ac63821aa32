import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { childOf, startServer } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { until } from '../support/until.js';

const CARS = fileURLToPath(new URL('../../../data/auto-mpg.csv', import.meta.url));
const skip = process.platform !== 'linux' && 'the sockets of a process are read from /proc';

test('SIGUSR1 opens no inspector, neither in the service nor in its training process', { skip }, async (t) => {
  const server = await startServer(t, { MODEL_STORE: temporaryDirectory(t), TRAIN_DATA: CARS });
  await server.logged('training ended');
  const pid = server.child.pid!;
  const before = listening(pid);
  process.kill(pid, 'SIGUSR1');
  await server.logged('SIGUSR1 is ignored');
  assert.deepEqual(listening(pid), before);

  const training = await fetch(`${server.url}/train?target=mpg&epochs=100000&patience=100000`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: readFileSync(CARS),
  });
  assert.equal(training.status, 202);
  const { id } = (await training.json()) as { id: string };
  const epoch = async () => ((await (await fetch(`${server.url}/train/${id}`)).json()) as { epoch: number }).epoch;
  await until('the training computes', 60, async () => (await epoch()) > 0);
  const child = await childOf(pid);
  process.kill(child, 'SIGUSR1');
  const reached = await epoch();
  await until('it computes on', 60, async () => (await epoch()) > reached + 5);
  assert.deepEqual(listening(child), []);
  assert.deepEqual(await server.stop('SIGTERM'), { code: 0, signal: null });
});

/** Inodes of the sockets at which a process accepts connections. */
function listening(pid: number): string[] {
  const open = readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
  const accepting = ['tcp', 'tcp6'].flatMap((family) =>
    readFileSync(`/proc/${pid}/net/${family}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((cells) => cells[3] === '0A')
      .map((cells) => cells[9]!),
  );
  return open.filter((inode) => accepting.includes(inode)).sort();
}
