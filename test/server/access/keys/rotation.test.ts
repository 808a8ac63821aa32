import assert from 'node:assert/strict';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { keyLines, makeKey, writeKeys } from '../../../support/access-keys.js';
import { startServer } from '../../../support/server-process.js';
import { temporaryDirectory } from '../../../support/temporary-directory.js';
import { until } from '../../../support/until.js';

const ROTATIONS = 12;
const CLIENTS = 4;
const BODY = '{"instances": [[8, 307, 130, 3504, 12, 70, 1]]}';

/** Posts a row, and resolves with the status. */
function predict(url: string, agent: Agent, key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/predict`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    });
    sent.on('response', (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode!));
    });
    sent.on('error', reject).end(BODY);
  });
}

test('while keys are rotated under load, no request with a valid key fails', async (t) => {
  let current = makeKey(['predict']);
  const path = writeKeys(t, [current]);
  const server = await startServer(t, { MODEL_STORE: temporaryDirectory(t), API_KEYS: path });
  await server.logged('model version serves');
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const counts = new Map<number, number>();
  let isOver = false;
  /** The key of the request that each client waits for. */
  const used = Array.from({ length: CLIENTS }, () => current);
  const clients = used.map(async (_, i) => {
    while (!isOver) {
      used[i] = current;
      const status = await predict(server.url, agent, current.text);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
  });

  const all = [current];
  for (let i = 0; i < ROTATIONS; i++) {
    const [former, next] = [current, makeKey(['predict'])];
    all.push(next);
    // Added to the file, or in a new file that takes its place.
    if (i % 2 === 0) appendFileSync(path, keyLines([next]));
    else {
      writeFileSync(`${path}.next`, keyLines(all));
      renameSync(`${path}.next`, path);
    }
    await until('the next key is valid', 30, async () => (await predict(server.url, agent, next.text)) === 200);
    current = next;
    await until('requests with the former key are over', 30, async () => !used.includes(former));
    const revoked = new Date().toISOString();
    all[all.indexOf(former)] = { ...former, record: { ...former.record, revoked } };
    appendFileSync(path, `${JSON.stringify({ id: former.record.id, revoked })}\n`);
    // A 401, and from the tenth on a 429: this address is locked out, but not its valid keys.
    await until('the former key is not', 30, async () => (await predict(server.url, agent, former.text)) !== 200);
  }
  isOver = true;
  await Promise.all(clients);
  assert.deepEqual(Array.from(counts.keys()), [200], JSON.stringify(Array.from(counts)));
  const answered = counts.get(200)!;
  t.diagnostic(`${answered} requests during ${ROTATIONS} rotations`);
  assert.ok(answered > 10 * ROTATIONS, `${answered} requests`);
  assert.equal(server.lines.filter(({ msg }) => msg.includes('cannot be used')).length, 0);
});
