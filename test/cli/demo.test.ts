import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { childOf } from '../support/server-process.js';
import { DEMO, Demo } from './demo-process.js';

/** Timeout of a test, in milliseconds. */
const TIMEOUT = 60_000;

test('the demo changes the unit of a column, the alarm names the column, and Ctrl-C cleans up', {
  timeout: TIMEOUT,
}, async (t) => {
  const demo = await Demo.start(t, '--port', '0', '--rate', '1000', '--delay', '2');
  await demo.says(/no drift +weight/);
  await demo.says(/weight is now in kilograms/);
  const alarm = await demo.says(/ALARM, features/);
  assert.match(alarm, /: weight, by .*; \d+ s and \d+ rows after the last change$/);
  await demo.says(/DRIFT +weight: score [\d.]+, threshold [\d.]+, .* of rows below the reference range/);
  assert.ok(!demo.lines.some((line) => line.includes('false alarm')), demo.lines.join('\n'));
  assert.ok((await readdir(demo.directory)).length > 0, 'the demo has a store while it runs');
  demo.child.kill('SIGINT');
  await demo.leavesNothing();
  assert.equal(await demo.errors, '');
  assert.deepEqual(await demo.ended, [0, null]);
});

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} stops the demo, which cleans up`, { timeout: TIMEOUT }, async (t) => {
    const demo = await Demo.start(t, '--port', '0');
    await demo.says(/Press Ctrl-C to stop/);
    demo.child.kill(signal);
    await demo.leavesNothing();
  });
}

test('a second Ctrl-C exits without waiting for the service, and cleans up', { timeout: TIMEOUT }, async (t) => {
  if (process.platform !== 'linux') return t.skip('SKIPPED: finding the process of the service needs /proc');
  const demo = await Demo.start(t, '--port', '0');
  await demo.says(/Press Ctrl-C to stop/);
  // Suspends the service, so that it cannot stop.
  process.kill(await childOf(demo.child.pid!), 'SIGSTOP');
  demo.child.kill('SIGINT');
  await demo.says(/^Stopping the service/);
  demo.child.kill('SIGINT');
  assert.deepEqual(await demo.ended, [1, null]);
  assert.match(await demo.errors, /^second SIGINT, exiting\n$/, 'the grace period did not expire');
  await demo.leavesNothing();
});

test('the demo stops when its output is closed, and cleans up', { timeout: TIMEOUT }, async (t) => {
  const demo = await Demo.start(t, '--port', '0', '--delay', '0');
  await demo.says(/Press Ctrl-C to stop/);
  demo.child.stdout!.destroy();
  await demo.leavesNothing();
});

test('the demo stops when its parent is killed, and cleans up', {
  timeout: TIMEOUT,
}, async (t) => {
  const demo = await Demo.run(t, 'sh', '-c', '"$@"; exit $?', 'sh', process.execPath, DEMO, '--port', '0');
  await demo.says(/Press Ctrl-C to stop/);
  demo.child.kill('SIGKILL');
  await demo.leavesNothing();
});

test('the demo exits with the reason if the port is in use', { timeout: TIMEOUT }, async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const demo = await Demo.start(t, '--port', String((server.address() as AddressInfo).port));
  await demo.leavesNothing();
  assert.match(await demo.errors, /the port is in use\ndemo: the service has exited/);
  assert.equal((await demo.ended)[0], 1);
});

test('the demo exits with its usage if the arguments are invalid', { timeout: TIMEOUT }, async (t) => {
  for (const [args, message] of [
    [['--rate', 'fast'], '--rate: expected a whole number from 1 to 10000, got fast'],
    [['--port', '99999'], '--port: expected a whole number from 0 to 65535, got 99999'],
    [['--speed', '3'], "Unknown option '--speed'"],
    [['now'], "Unexpected argument 'now'"],
  ] as const) {
    const demo = await Demo.start(t, ...args);
    assert.equal((await demo.ended)[0], 2);
    const errors = await demo.errors;
    assert.ok(errors.includes(message) && errors.includes('usage: npm run demo'), errors);
    await demo.leavesNothing();
  }
});
