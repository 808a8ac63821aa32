import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { ArrivingTables } from '../../../../src/server/routes/training/arriving-tables.js';

/** A request of which bytes arrive when a test says so. */
function arriving(paused = false) {
  const request = { socket: { bytesRead: 0 }, isPaused: () => paused };
  const body = new PassThrough();
  const failed = new Promise<Error>((resolve) => body.once('error', resolve));
  return { request: request as unknown as IncomingMessage & { socket: { bytesRead: number } }, body, failed };
}

test('a table that arrives slowly keeps its place until another needs it', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const tables = new ArrivingTables();
  const [slow, paused, ...fast] = [arriving(), arriving(true), ...Array.from({ length: 6 }, () => arriving())];
  for (const { request, body } of [slow, paused, ...fast]) tables.take(request, body);
  const next = arriving();
  const full = { code: 'OVERLOADED', message: '8 other tables are arriving already' };
  assert.throws(() => tables.take(next.request, next.body), full, 'none has had its time yet');
  t.mock.timers.tick(5000);
  assert.throws(() => tables.take(next.request, next.body), full, 'only whole intervals count');

  slow.request.socket.bytesRead += 65_535;
  for (const { request } of fast) request.socket.bytesRead += 65_536;
  t.mock.timers.tick(5000);
  const release = tables.take(next.request, next.body);
  assert.equal(slow.body.destroyed, true);
  const { message } = await slow.failed;
  assert.equal(message, 'body: fewer than 65536 bytes arrived in 5 seconds, and another table needed the place');

  // The others have places still: those that are fast, and the one that waits for this process.
  assert.ok([paused, ...fast].every(({ body }) => !body.destroyed));
  assert.throws(() => tables.take(arriving().request, arriving().body), full);
  release();
  release();
  tables.take(arriving().request, arriving().body);
  assert.throws(() => tables.take(arriving().request, arriving().body), full);
});

test('of several slow tables, the one that has waited longest gives way first', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const tables = new ArrivingTables();
  const all = Array.from({ length: 8 }, () => arriving());
  for (const { request, body } of all) tables.take(request, body);
  t.mock.timers.tick(10_000);
  for (let i = 0; i < 8; i++) {
    const next = arriving();
    tables.take(next.request, next.body);
    assert.deepEqual(
      all.map(({ body }) => body.destroyed),
      all.map((_, j) => j <= i),
    );
  }
});

test('a table that has just begun is not slow, whenever that was', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const tables = new ArrivingTables();
  tables.take(arriving().request, arriving().body);
  t.mock.timers.tick(4999);
  const all = Array.from({ length: 7 }, () => arriving());
  for (const { request, body } of all) tables.take(request, body);
  t.mock.timers.tick(1);
  const next = arriving();
  const full = { code: 'OVERLOADED', message: '8 other tables are arriving already' };
  assert.throws(() => tables.take(next.request, next.body), full);
  assert.ok(all.every(({ body }) => !body.destroyed));
});
