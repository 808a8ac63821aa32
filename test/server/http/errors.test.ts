import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { buildTestApp } from '../../support/test-app.js';

test('an unknown path is a 404, a known one with another method a 405 that names what is allowed', async (t) => {
  const { app } = await buildTestApp(t);
  const unknown = await app.inject({ url: '/nothing/here?x=1' });
  assert.equal(unknown.statusCode, 404);
  assert.equal(unknown.json().error, 'there is no GET /nothing/here');

  const wrong = await app.inject({ url: '/predict' });
  assert.equal(wrong.statusCode, 405);
  assert.equal(wrong.json().code, 'METHOD_NOT_ALLOWED');
  assert.equal(wrong.headers['allow'], 'POST');
  const parametric = await app.inject({ method: 'PUT', url: '/train/some-id' });
  assert.equal(parametric.statusCode, 405);
  assert.match(String(parametric.headers['allow']), /DELETE/);
  // Served by a route of its own and, as the name of a version, by others.
  const both = await app.inject({ method: 'PUT', url: '/models/rollback' });
  assert.deepEqual(String(both.headers['allow']).split(', ').toSorted(), ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST']);
});

test('a path that there is not is refused before its body, and a GET is not by its encoding', async (t) => {
  const { app } = await buildTestApp(t);
  const status = async (method: 'GET' | 'POST', url: string, headers: Record<string, string>, payload?: string) => {
    const response = await app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
    return [response.statusCode, typeof response.headers['x-request-id']];
  };
  const large = ' '.repeat(2 ** 18);
  for (const type of ['text/plain', '/', 'application/json']) {
    assert.deepEqual(await status('POST', '/nothing', { 'content-type': type }, large), [404, 'string']);
    assert.deepEqual(await status('POST', '/model', { 'content-type': type }, large), [405, 'string']);
  }
  assert.deepEqual(await status('POST', '/nothing', { 'content-encoding': 'none' }, 'a'), [404, 'string']);
  for (const url of ['/livez', '/v2', '/health', '/train/none']) {
    const found = await status('GET', url, { 'content-encoding': 'none' });
    assert.deepEqual(found, [url === '/train/none' ? 404 : 200, 'string'], url);
  }
});

test('a path that cannot be decoded or is too long is an error in the same form', async (t) => {
  const { app } = await buildTestApp(t);
  for (const url of ['/%zz', '/train/%c3%28', `/train/${'x'.repeat(500)}`]) {
    const response = await app.inject({ url });
    assert.ok([400, 404].includes(response.statusCode), `${url} ${response.statusCode}`);
    assert.deepEqual(Object.keys(response.json()), ['error', 'code', 'request_id']);
    assert.equal(response.json().request_id, response.headers['x-request-id']);
  }
});

test('what is not HTTP gets a 400 in the same form, and the next request its answer', async (t) => {
  const { app } = await buildTestApp(t);
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  for (const nonsense of ['nonsense\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n']) {
    const socket = connect(Number(url.port), url.hostname);
    socket.write(nonsense);
    const [text] = await once(socket.setEncoding('utf8'), 'data');
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.deepEqual(Object.keys(JSON.parse(text.split('\r\n\r\n')[1])), ['error', 'code', 'request_id']);
    socket.destroy();
  }
  assert.equal((await fetch(new URL('/livez', url))).status, 200);
});

test('a request on a connection that outlives the close is answered as any other', async (t) => {
  const { app } = await buildTestApp(t);
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const socket = connect(Number(url.port), url.hostname).setEncoding('utf8');
  const body = '[[1, 2, 3]]';
  const request = `POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write(request.slice(0, -5));
  await once(app.server, 'request');
  const closed = app.close();
  while (app.server.listening) await turn();
  socket.write(request.slice(-5) + request);
  await Promise.all([closed, once(socket, 'close')]);
  assert.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 2, text);
});

test('a refused media type or size is an error that says what is expected', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b', 'c'], { bodyLimit: 1024 });
  const send = async (url: string, type: string, payload: string) => {
    const response = await app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload });
    return [response.statusCode, response.json().error];
  };
  const json = 'application/json';
  assert.deepEqual(await send('/feedback', 'text/csv', 'a'), [
    415,
    'content-type: expected application/json, got "text/csv"',
  ]);
  const rows =
    'application/json or text/csv or application/vnd.apache.arrow.stream or application/vnd.apache.arrow.file or ' +
    'application/vnd.apache.parquet';
  assert.deepEqual(await send('/predict', 'text/plain', 'a'), [
    415,
    `content-type: expected ${rows}, got "text/plain"; send it as text/csv: tabs and semicolons separate cells too`,
  ]);
  for (const [type, advice] of [
    ['application/octet-stream', ''],
    ['application/gzip', '; send the type of the unpacked file, and the header content-encoding: gzip'],
    ['application/zip', '; unpack it'],
    ['application/vnd.ms-excel', '; save the sheet as CSV'],
    [
      'application/x-ndjson',
      '; JSON Lines is not read here; send {"instances": [the lines as a list]}, a CSV or Parquet',
    ],
    ['application/x-parquet', '; Parquet files are application/vnd.apache.parquet'],
    ['application/vnd.apache.feather', '; Feather and Arrow files are application/vnd.apache.arrow.file'],
  ] as const) {
    assert.deepEqual(await send('/train', type, 'a'), [415, `content-type: expected ${rows}, got "${type}"${advice}`]);
  }
  for (const url of ['/predict', '/train']) {
    assert.deepEqual(await send(url, json, ' '.repeat(1025)), [413, 'body: expected at most 1024 bytes']);
  }
});

test('a body that only routes with rows have is a 413 elsewhere, before it is parsed', async (t) => {
  const { app } = await buildTestApp(t);
  const payload = `{"reason": "${'x'.repeat(2 ** 17)}"`;
  const headers = { 'content-type': 'application/json' };
  for (const url of ['/drift/baseline', '/models/1/activate']) {
    const response = await app.inject({ method: 'POST', url, headers, payload });
    const { error, code } = response.json();
    assert.deepEqual([response.statusCode, code, error], [413, 'TOO_LARGE', 'body: expected at most 131072 bytes']);
  }
});

test('a 500 carries neither message nor stack, and the log does', async (t) => {
  const { app, service, logged } = await buildTestApp(t);
  service.predict = () => {
    throw new Error('secret detail');
  };
  const response = await app.inject({ method: 'POST', url: '/predict', payload: { instances: [[1, 2, 3]] } });
  assert.equal(response.statusCode, 500);
  assert.deepEqual(Object.keys(response.json()), ['error', 'code', 'request_id']);
  assert.equal(response.json().error, 'internal error');
  assert.doesNotMatch(response.body, /secret|\.js/);
  const entry = logged.find(({ err }) => (err as Error | undefined)?.message === 'secret detail');
  assert.equal(entry?.['reqId'], response.json().request_id);
});

test("a client's request id is taken and returned, a hostile one replaced", async (t) => {
  const { app } = await buildTestApp(t);
  const mine = await app.inject({ url: '/livez', headers: { 'x-request-id': 'abc-123' } });
  assert.equal(mine.headers['x-request-id'], 'abc-123');
  for (const hostile of ['', ' ', 'a b', '<script>', 'x'.repeat(129)]) {
    const response = await app.inject({ url: '/livez', headers: { 'x-request-id': hostile } });
    assert.match(String(response.headers['x-request-id']), /^[0-9a-f]{16}-[0-9a-f]{12}$/, hostile);
  }
});

test('a bad option of a training is a 400 that names it', async (t) => {
  const { app } = await buildTestApp(t);
  const cases: [string, string, object, RegExp][] = [
    ['body', '/train', { instances: [[1, 2, 3]], targets: [1], epochs: 'many' }, /^epochs: /],
    ['body', '/train', { instances: [[1, 2, 3]], targets: [1], epochs: '5' }, /^epochs: /],
    ['body', '/train', { instances: [[1, 2, 3]], targets: [1], epoch: 5 }, /^epoch: unknown key$/],
    ['body', '/train', { instances: [], targets: [] }, /^instances: /],
    ['body', '/train', { instances: [[1, 2, 3]] }, /"targets".*"target"/],
    ['query', '/train?wait=perhaps', { instances: [[1, 2, 3]], targets: [1] }, /^wait: /],
    ['query', '/train?epochs=-1', { instances: [[1, 2, 3]], targets: [1] }, /^epochs: /],
  ];
  for (const [, url, payload, message] of cases) {
    const response = await app.inject({ method: 'POST', url, payload });
    assert.equal(response.statusCode, 400, response.body);
    assert.match(response.json().error, message);
  }
});

test('a list of rows, which predictions take, is refused elsewhere with the way to send it', async (t) => {
  const { app } = await buildTestApp(t);
  const rows = [{ x: 1, y: 2 }];
  for (const [url, payload] of [
    ['/train', rows],
    ['/train?target=y', rows],
    ['/train', []],
    ['/train?target=y', Array.from({ length: 40_000 }, () => rows[0]!)],
    ['/feedback', [[1, 2]]],
  ] as const) {
    const response = await app.inject({ method: 'POST', url, payload: [...payload] });
    assert.equal(response.statusCode, 400);
    const { error } = response.json();
    assert.match(
      error,
      /^body: expected an object, got a list; send its rows as \{"instances": .*"target": "y"\}/,
      url,
    );
    assert.match(error, /"targets": \[/);
  }
});
