import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { verifyAudit } from '../../../src/server/audit/verify.js';
import { makeKey, writeKeys } from '../../support/access-keys.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { buildTestApp, publishUntrained } from '../../support/test-app.js';
import { until } from '../../support/until.js';

type Line = Record<string, unknown> & { action: string; outcome: string };

const linesOf = (path: string): Line[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line))
    : [];

/** The application with an audit log in a file, and a key that may do everything. */
async function audited(t: Parameters<typeof temporaryDirectory>[0], environment: NodeJS.ProcessEnv = {}) {
  const path = join(temporaryDirectory(t), 'audit.log');
  const admin = makeKey(['admin'], { name: 'admin' });
  const reader = makeKey(['read'], { name: 'reader' });
  const settings = { AUDIT_LOG: path, API_KEYS: writeKeys(t, [admin, reader]), ...environment };
  const parts = await buildTestApp(t, ['a', 'b', 'c'], {}, settings);
  const send = (
    method: 'POST' | 'PATCH' | 'DELETE',
    url: string,
    payload?: object | string,
    headers: object = admin.headers,
  ) =>
    parts.app.inject({ method, url, headers: { ...headers }, remoteAddress: '192.0.2.9', ...(payload && { payload }) });
  return { ...parts, path, admin, reader, send, who: `key:${admin.record.id}` };
}

test('every change is recorded before it is begun and with its outcome: who, what, on what, from where', async (t) => {
  const { app, path, send, store, who } = await audited(t);
  const second = await publishUntrained(store, ['a', 'b', 'c'], ['y'], 2);
  const changes: [action: string, target: string | null, send: () => ReturnType<typeof send>, status: number][] = [
    ['activate', `${second}`, () => send('POST', `/models/${second}/activate`), 200],
    ['rollback', null, () => send('POST', '/models/rollback'), 200],
    ['activate', '99', () => send('POST', '/models/99/activate'), 404],
    ['activate', null, () => send('POST', '/v2/repository/models/test/load', { parameters: { version: '1' } }), 200],
    ['delete', '99', () => send('DELETE', '/models/99'), 404],
    ['annotate', '1', () => send('PATCH', '/models/1', { description: 'cars', notes: { data: 'private' } }), 200],
    ['annotate', '99', () => send('PATCH', '/models/99', { description: 'cars' }), 404],
    ['reset', null, () => send('POST', '/drift/reset'), 409],
    ['baseline', null, () => send('POST', '/drift/baseline', { since: '2026-01-01', reason: 'a test' }), 409],
    ['train', null, () => send('POST', '/train', { instances: [[1, 2, 3]] }), 400],
    ['cancel', 'none', () => send('DELETE', '/train/none'), 404],
  ];
  for (const [action, target, change, status] of changes) {
    const before = linesOf(path).length;
    const reply = await change();
    assert.equal(reply.statusCode, status, `${action}: ${reply.body}`);
    const [begun, ended, ...rest] = linesOf(path).slice(before);
    assert.deepEqual(rest, [], action);
    const common = { action, target, who, kind: 'key', from: '192.0.2.9', request_id: reply.headers['x-request-id'] };
    const { audit, seq, time, previous, hash, detail, ...fields } = ended!;
    assert.deepEqual(fields, { ...common, outcome: status < 400 ? 'done' : 'failed', status });
    assert.equal(begun!.outcome, 'begun');
    assert.equal(begun!['request_id'], common.request_id);
    assert.equal(audit, 1);
    assert.ok(!Number.isNaN(Date.parse(String(time))));
    assert.equal(previous, begun!['hash']);
    if (action === 'annotate' && status === 200) assert.deepEqual(detail, { changed: 'description, notes.data' });
    if (action === 'activate' && status === 200) assert.ok((detail as { model_version: string }).model_version);
  }
  await app.close();
  assert.deepEqual((await verifyAudit([path])).findings, []);
});

test('an upload names the version that it made', async (t) => {
  const { app, path, admin } = await audited(t);
  const archive = await app.inject({ url: '/models/1/archive', headers: admin.headers });
  const { statusCode } = await app.inject({
    method: 'POST',
    url: '/models',
    headers: { ...admin.headers, 'content-type': 'application/gzip' },
    payload: archive.rawPayload,
  });
  assert.equal(statusCode, 201);
  const last = linesOf(path).at(-1)!;
  assert.deepEqual([last.action, last.outcome, last['detail']], ['upload', 'done', { model_version: '2' }]);
});

test('a training is recorded at its start, and at its end with the version that it made, for whoever started it', async (t) => {
  const { path, send, who } = await audited(t);
  const rows = Array.from({ length: 60 }, (_, i) => [i % 7, i % 5, i]);
  const body = { instances: rows, targets: rows.map(([a, b]) => a! + b!), epochs: 2 };
  const dry = await send('POST', '/train', { ...body, dry_run: true });
  assert.equal(dry.statusCode, 200, dry.body);
  assert.deepEqual(linesOf(path), [], 'a dry run changes nothing');
  const reply = await send('POST', '/train?wait=true', body);
  assert.equal(reply.statusCode, 200, reply.body);
  const { id, model_version } = reply.json();
  const lines = linesOf(path).map(({ action, outcome }) => `${action} ${outcome}`);
  assert.deepEqual(lines.sort(), ['activate done', 'train begun', 'train done', 'training-end done']);
  const end = linesOf(path).find(({ action }) => action === 'training-end')!;
  assert.deepEqual([end['who'], end['target'], end['from']], [who, id, '192.0.2.9']);
  const { state, decision, ...version } = end['detail'] as Record<string, string>;
  assert.deepEqual([state, version], ['succeeded', { model_version }]);
  assert.ok(decision);
});

test('a training is recorded if its body overrides the dry run of the query', async (t) => {
  const { path, send } = await audited(t);
  const instances = Array.from({ length: 60 }, (_, i) => [i % 7, i % 5, i]);
  const body = { instances, targets: instances.map(([a, b]) => a! + b!), epochs: 1 };
  const dry = await send('POST', '/train?dry_run=true', body);
  assert.equal(dry.statusCode, 200, dry.body);
  assert.deepEqual(linesOf(path), []);
  const reply = await send('POST', '/train?dry_run=true&wait=true', { ...body, dry_run: false });
  assert.equal(reply.json().state, 'succeeded', reply.body);
  const begun = linesOf(path).filter(({ action, outcome }) => action === 'train' && outcome === 'begun');
  assert.equal(begun.length, 1);
});

test('feedback, what is refused and failed authentications are summed up', async (t) => {
  const { app, path, send, reader, who } = await audited(t);
  for (let i = 0; i < 5; i++) await send('POST', '/feedback', { instances: [[1, 2, 3]], targets: [[1]] });
  for (let i = 0; i < 4; i++) await send('POST', '/models/1/activate', undefined, reader.headers);
  for (let i = 0; i < 3; i++) await send('POST', '/models/1/activate', undefined, { authorization: 'Bearer wrong' });
  for (let i = 0; i < 2; i++) await app.inject({ url: '/models', headers: { authorization: 'Bearer wrong' } });
  assert.deepEqual(linesOf(path), []);
  await app.close();
  const found = linesOf(path).map(({ action, who: actor, from, status, count, outcome }) =>
    [action, actor, from, status, count, outcome].join(' '),
  );
  assert.deepEqual(
    found.sort(),
    [
      `activate key:${reader.record.id} 192.0.2.9 403 4 summary`,
      'authenticate nobody 127.0.0.1 401 2 summary',
      'authenticate nobody 192.0.2.9 401 3 summary',
      `feedback ${who} 192.0.2.9 200 5 summary`,
    ].sort(),
  );
  assert.deepEqual((await verifyAudit([path])).findings, []);
});

test('while the audit log cannot be written, changes are refused before anything is done, and predictions are answered', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'logs', 'audit.log');
  const { app, send, store, service, admin, logged } = await audited(t, { AUDIT_LOG: path });
  const second = await publishUntrained(store, ['a', 'b', 'c'], ['y'], 2);
  const activate = () => send('POST', `/models/${second}/activate`);
  const refused = await activate();
  assert.equal(refused.statusCode, 503);
  assert.match(refused.json().error, /the audit log cannot be written, and no change is made without it/);
  assert.equal(refused.json().code, 'AUDIT_UNAVAILABLE');
  assert.equal(service.serving.version, 1);
  assert.equal((await send('POST', '/predict', { instances: [[1, 2, 3]] })).statusCode, 200);
  const metrics = () => app.inject({ url: '/metrics', headers: admin.headers });
  assert.match((await metrics()).body, /^audit_writable 0$/m);
  assert.match((await metrics()).body, /^audit_failures_total [1-9]/m);
  assert.ok(logged.some(({ msg }) => String(msg).startsWith('the audit log cannot be written')));
  mkdirSync(join(directory, 'logs'));
  assert.equal((await activate()).statusCode, 200);
  assert.equal(service.serving.version, second);
  assert.match((await metrics()).body, /^audit_writable 1$/m);
  assert.ok(logged.some(({ msg }) => msg === 'the audit log can be written again'));
  assert.deepEqual(
    linesOf(path).map(({ outcome }) => outcome),
    ['begun', 'done'],
  );
});

test('an outcome that cannot be written does not undo what was done, and is written later', async (t) => {
  const { path, send, store, service, loader } = await audited(t);
  const second = await publishUntrained(store, ['a', 'b', 'c'], ['y'], 2);
  const activate = loader.activate.bind(loader);
  loader.activate = async (version) => {
    const done = await activate(version);
    // From here on, the file cannot be reached.
    rmSync(path);
    rmSync(`${path}.head`);
    symlinkSync(join(path, '..', 'missing', 'audit.log'), path);
    return done;
  };
  assert.equal((await send('POST', `/models/${second}/activate`)).statusCode, 200);
  assert.equal(service.serving.version, second);
  loader.activate = activate;
  assert.equal((await send('POST', '/models/rollback')).statusCode, 503);
  rmSync(path);
  assert.equal((await send('POST', '/models/rollback')).statusCode, 200);
  assert.deepEqual(
    linesOf(path).map(({ action, outcome, seq }) => [seq, action, outcome].join(' ')),
    ['2 activate done', '3 rollback begun', '4 rollback done'],
  );
});

const skip = process.getuid?.() !== 0 && 'a file system is mounted, which only root may do';
test('a full disk refuses changes and leaves no half line', { skip }, async (t) => {
  const directory = temporaryDirectory(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', directory]);
  } catch {
    return t.skip('no file system can be mounted here');
  }
  t.after(() => execFileSync('umount', ['-l', directory]));
  const path = join(directory, 'audit.log');
  const { send, app } = await audited(t, { AUDIT_LOG: path });
  let status = 404;
  for (let i = 0; i < 200 && status === 404; i++) status = (await send('DELETE', '/models/99')).statusCode;
  assert.equal(status, 503);
  assert.ok(readFileSync(path, 'utf8').endsWith('\n'));
  await app.close();
  const { findings, notes } = await verifyAudit([path]);
  assert.deepEqual([findings, notes], [[], []]);
});

test('entries go between the lines of the log with AUDIT_LOG=stdout', async (t) => {
  const { startServer } = await import('../../support/server-process.js');
  const server = await startServer(t, {
    MODEL_STORE: temporaryDirectory(t),
    TRAIN_DATA: 'data/auto-mpg.csv',
    AUDIT_LOG: 'stdout',
  });
  await server.logged('training ended');
  await fetch(`${server.url}/models/99`, { method: 'DELETE' });
  await until('the entries are there', 10, async () => server.lines.filter((line) => 'audit' in line).length >= 6);
  const entries = server.lines.filter((line) => 'audit' in line) as unknown as Line[];
  const own = entries.slice(0, 4).map(({ action, outcome, who }) => [who, action, outcome].join(' '));
  const first = ['train begun', 'train done', 'activate done', 'training-end done'];
  assert.deepEqual(
    own,
    first.map((entry) => `service ${entry}`),
  );
  const [begun, failed] = entries.slice(4);
  assert.deepEqual([begun!.outcome, failed!.outcome, failed!['previous']], ['begun', 'failed', begun!['hash']]);
  await server.stop('SIGTERM');
});

test('the command verifies a log, and its exit code says whether something was found', async (t) => {
  const { path, send, app } = await audited(t);
  await send('DELETE', '/models/99');
  await app.close();
  const main = new URL('../../../app/main.js', import.meta.url).pathname;
  const verify = (...files: string[]) =>
    promisify(execFile)(process.execPath, [main, 'audit', 'verify', ...files]).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  const good = await verify(path);
  assert.equal(good.code, 0);
  const last = linesOf(path).at(-1)!;
  assert.match(
    good.stdout,
    new RegExp(`2 whole entries; the last one is seq 2 with the hash ${last['hash']}\nnothing was changed`),
  );
  const lines = readFileSync(path, 'utf8').split('\n');
  const { writeFileSync } = await import('node:fs');
  writeFileSync(path, lines.slice(1).join('\n').replace('"status":404', '"status":200'));
  const bad = await verify(path);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /audit\.log:1: changed: /);
  assert.equal((await verify(`${path}.missing`)).code, 2);
  assert.equal((await verify()).code, 2);
});
