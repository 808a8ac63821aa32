import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { makeKey, writeKeys } from '../support/access-keys.js';
import { assertNoCredentials } from '../support/secrets.js';
import { startServer } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const CARS = fileURLToPath(new URL('../../../data/auto-mpg.csv', import.meta.url));
/** A number and a text of rows, which nothing else contains. */
const NUMBER = 8.120934;
const TEXT = 'planted-cell-5e1f';
const TOKEN = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.${'plantedsignature'.repeat(3)}`;
const PASSWORD = 'planted-password-77';
const COOKIE = 'planted-cookie-value-0123456789';

test('no key, token, cookie, password or row is in anything that the service writes', async (t) => {
  const directory = temporaryDirectory(t);
  const audit = join(directory, 'audit.log');
  const store = join(directory, 'store');
  const admin = makeKey(['admin'], { name: 'admin' });
  const reader = makeKey(['read'], { name: 'reader' });
  const wrong = makeKey(['admin']);
  const server = await startServer(t, {
    MODEL_STORE: store,
    TRAIN_DATA: CARS,
    API_KEYS: writeKeys(t, [admin, reader]),
    AUDIT_LOG: audit,
    FEEDBACK_STORE: join(directory, 'feedback'),
    LOG_LEVEL: 'trace',
    LIMIT_REQUESTS: '1000',
  });
  await server.logged('training ended');
  const secrets: Record<string, string> = {
    key: admin.text,
    'part of a key': admin.text.slice(-30),
    'key without a scope': reader.text.slice(-30),
    'wrong key': wrong.text.slice(-30),
    token: TOKEN,
    password: PASSWORD,
    'encoded password': Buffer.from(`user:${PASSWORD}`).toString('base64'),
    cookie: COOKIE,
    row: String(NUMBER),
    cell: TEXT,
  };
  const replies: string[] = [];
  const send = async (method: string, path: string, headers: Record<string, string>, body?: string) => {
    const reply = await fetch(server.url + path, {
      method,
      headers,
      redirect: 'manual',
      ...(body !== undefined && { body }),
    });
    const text = await reply.text();
    replies.push(`${method} ${path} ${JSON.stringify([...reply.headers])} ${reply.status >= 400 ? '' : text}`);
    // An error names the value to its sender, but never a credential.
    if (reply.status >= 400) assertNoCredentials(text, `the error of ${method} ${path}`);
    return reply.status;
  };
  const json = { 'content-type': 'application/json' };
  const row = [NUMBER, 307, 130, 3504, 12, 70, 1];
  const bodies = [
    JSON.stringify({ instances: [row] }),
    JSON.stringify({ instances: [[TEXT, ...row.slice(1)]] }),
    JSON.stringify({ instances: [row], targets: [NUMBER] }),
    `{"instances": [[${NUMBER}, "${TEXT}"`,
    `${TEXT},y\n${NUMBER},1\n`,
  ];
  const credentials: Record<string, string>[] = [
    admin.headers,
    reader.headers,
    wrong.headers,
    { 'x-api-key': wrong.text },
    { authorization: `Bearer ${TOKEN}` },
    { authorization: `Basic ${Buffer.from(`user:${PASSWORD}`).toString('base64')}` },
    { authorization: PASSWORD },
    { cookie: `reconstruction_regressor-session=${COOKIE}` },
    { 'x-request-id': `id ${PASSWORD}` },
  ];
  const routes: [method: string, path: string][] = [
    ...['/predict', '/feedback', '/train?target=mpg', '/train?dry_run=true', '/invocations', '/drift/reset'].map(
      (path) => ['POST', path] as [string, string],
    ),
    ...['/v1/models/reconstruction_regressor:predict', '/v2/models/reconstruction_regressor/infer', '/models'].map(
      (path) => ['POST', path] as [string, string],
    ),
    ...['/models/99/activate', '/models/rollback', '/drift/baseline', '/session'].map(
      (path) => ['POST', path] as [string, string],
    ),
    ...[
      '/',
      '/model',
      '/models',
      '/drift',
      '/drift/history',
      '/session',
      '/readyz?verbose',
      '/openapi.json',
      '/nowhere',
    ].map((path) => ['GET', path] as [string, string]),
    ...['/train/none', '/models/99', '/session'].map((path) => ['DELETE', path] as [string, string]),
  ];
  const withKey = { ...json, ...admin.headers };
  assert.equal(await send('POST', '/predict', withKey, bodies[0]), 200);
  assert.equal(await send('POST', '/feedback', withKey, bodies[2]), 200);
  for (const [i, [method, path]] of routes.entries()) {
    for (const [j, credential] of credentials.entries()) {
      const body = method === 'POST' ? bodies[(i + j) % bodies.length]! : undefined;
      const type = body?.includes('\n') ? { 'content-type': 'text/csv' } : json;
      await send(method, path, { ...(body ? type : {}), ...credential }, body);
    }
    const query = `access_token=${TOKEN}&api_key=${admin.text}&password=${PASSWORD}&row=${TEXT}`;
    await send(
      method,
      `${path}${path.includes('?') ? '&' : '?'}${query}`,
      method === 'POST' ? json : {},
      method === 'POST' ? '{}' : undefined,
    );
    await send(method, `${path.split('?')[0]}/${admin.text}`, {});
  }
  const metrics = await (await fetch(`${server.url}/metrics`, { headers: admin.headers })).text();
  const archive = await fetch(`${server.url}/models/1/archive`, { headers: admin.headers });
  const unpacked = gunzipSync(Buffer.from(await archive.arrayBuffer())).toString('latin1');
  assert.deepEqual(await server.stop('SIGTERM'), { code: 0, signal: null });

  const written: Record<string, string> = {
    'the log': server.lines.map((line) => JSON.stringify(line)).join('\n'),
    'the audit log': readFileSync(audit, 'utf8'),
    metrics,
    'an archive': unpacked,
    ...Object.fromEntries(filesBelow(store).map((path) => [path, readFileSync(path, 'latin1')])),
  };
  assert.ok(written['the log']!.includes('request answered'));
  assert.ok(written['the audit log']!.includes('"authenticate"'));
  for (const [where, text] of Object.entries(written)) {
    assertNoCredentials(text, where);
    for (const [what, secret] of Object.entries(secrets)) {
      assert.ok(!text.includes(secret), `${where} holds the planted ${what}`);
    }
  }
  // Labelled rows are kept to learn from, and only there; no credential is.
  for (const path of filesBelow(join(directory, 'feedback'))) assertNoCredentials(readFileSync(path, 'latin1'), path);
  const repeated = replies.filter((reply) =>
    Object.entries(secrets).some(
      ([what, secret]) => what !== 'row' && what !== 'cell' && reply.split(' ').slice(2).join(' ').includes(secret),
    ),
  );
  assert.deepEqual(repeated, [], 'no reply repeats a credential');
});

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
}
