import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FileStore } from '../../../../src/model/store/file-store.js';
import { buildTestApp, publishUntrained, type TestApp } from '../../../support/test-app.js';

type Body = Readonly<Record<string, unknown>>;

/** An application with two versions, and functions that change and read version 2. */
async function appOf(t: TestContext) {
  const parts = await buildTestApp(t);
  await publishUntrained(parts.store, ['a', 'b', 'c'], ['y'], 2);
  return { ...parts, ...clientOf(parts) };
}

function clientOf({ app }: Pick<TestApp, 'app'>) {
  const patch = async (payload: Body, headers: Record<string, string> = {}, version = '2') => {
    const reply = await app.inject({ method: 'PATCH', url: `/models/${version}`, payload, headers });
    return { status: reply.statusCode, body: reply.json(), etag: String(reply.headers['etag']) };
  };
  const read = async (version = '2') => {
    const reply = await app.inject({ url: `/models/${version}` });
    const { description, tags, notes } = reply.json();
    return { annotations: { description, tags, notes }, etag: String(reply.headers['etag']) };
  };
  return { patch, read };
}

const NOTHING = { description: null, tags: [], notes: {} };
const DOCUMENT = 'annotations-2.json';

test('a version is described bit by bit; null clears, and what is not named stays', async (t) => {
  const { app, patch, read } = await appOf(t);
  assert.deepEqual((await read()).annotations, NOTHING);
  const steps: [Body, Body][] = [
    [{ description: ' Cars. ' }, { description: 'Cars.', tags: [], notes: {} }],
    [{ tags: ['b', ' a ', 'a'] }, { description: 'Cars.', tags: ['b', 'a'], notes: {} }],
    [
      { notes: { owners: 'A', caveats: 'B\n\nC' } },
      { description: 'Cars.', tags: ['b', 'a'], notes: { owners: 'A', caveats: 'B\n\nC' } },
    ],
    [{ notes: { owners: null } }, { description: 'Cars.', tags: ['b', 'a'], notes: { caveats: 'B\n\nC' } }],
    [{}, { description: 'Cars.', tags: ['b', 'a'], notes: { caveats: 'B\n\nC' } }],
    [
      { description: '  ', notes: { caveats: '' } },
      { description: null, tags: ['b', 'a'], notes: {} },
    ],
    [
      { tags: null, description: 'x', notes: { factors: 'f' } },
      { description: 'x', tags: [], notes: { factors: 'f' } },
    ],
    [{ description: null, notes: null }, NOTHING],
  ];
  for (const [body, expected] of steps) {
    for (const attempt of ['first', 'again']) {
      const { status, body: reply, etag } = await patch(body);
      assert.equal(status, 200, JSON.stringify(reply));
      assert.deepEqual(reply, { model_version: '2', ...expected }, attempt);
      assert.deepEqual(await read(), { annotations: expected, etag });
      const listed = (await app.inject({ url: '/models' })).json().models;
      const { description, tags } = listed.find(({ model_version }: Body) => model_version === '2');
      assert.deepEqual({ description, tags }, { description: expected['description'], tags: expected['tags'] });
    }
  }
  assert.deepEqual((await read('1')).annotations, NOTHING);
});

test('annotations survive a restart, are in the report, and the version predicts and verifies as before', async (t) => {
  const { app, store, patch } = await appOf(t);
  await patch({ description: 'Cars <b>', notes: { intended_use: 'Estimates of consumption' } });
  const { body } = await app.inject({ url: '/models/2/report' });
  assert.match(body, /Cars &#60;b&#62;/);
  assert.match(body, /Estimates of consumption/);
  const again = await buildTestApp(t, [], {}, { MODEL_STORE: join(store.location, '..') });
  const { annotations } = await clientOf(again).read();
  assert.equal(annotations.description, 'Cars <b>');
  assert.equal((await app.inject({ method: 'POST', url: '/models/2/activate' })).statusCode, 200);
});

test('texts that are too long, unknown keys and wrong types are refused, and nothing is changed', async (t) => {
  const { app, patch, read } = await appOf(t);
  await patch({ description: 'before' });
  const combined = `a${'\u0301'.repeat(5000)}`;
  const bodies: [unknown, RegExp][] = [
    [{ description: 'x'.repeat(4001) }, /^description: /],
    [{ description: combined }, /^description: /],
    [{ notes: { caveats: combined } }, /^notes\.caveats: /],
    [{ description: 1 }, /^description: /],
    [{ tags: 'a' }, /^tags: /],
    [{ tags: [''] }, /^tags\.0: /],
    [{ tags: ['x'.repeat(65)] }, /^tags\.0: /],
    [{ tags: Array.from({ length: 21 }, (_, i) => String(i)) }, /^tags: /],
    [{ notes: { caveats: ['a'] } }, /^notes\.caveats: /],
    [{ notes: { other: 'a' } }, /^notes\.other: unknown key/],
    [{ notes: [] }, /^notes: /],
    [{ name: 'x' }, /^name: unknown key/],
    [[], /^body: expected an object, got a list/],
    [null, /^body: /],
    ['text', /^body: /],
  ];
  for (const [body, message] of bodies) {
    const reply = await app.inject({
      method: 'PATCH',
      url: '/models/2',
      payload: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(reply.statusCode, 400, JSON.stringify(body).slice(0, 80));
    assert.match(reply.json().error, message, JSON.stringify(body).slice(0, 80));
  }
  const asText = {
    method: 'PATCH',
    url: '/models/2',
    payload: 'x',
    headers: { 'content-type': 'text/plain' },
  } as const;
  assert.equal((await app.inject(asText)).statusCode, 415);
  assert.equal((await patch({ description: 'x' }, {}, '99')).body.code, 'VERSION_NOT_FOUND');
  assert.equal((await patch({ description: 'x' }, {}, 'production')).status, 400);
  assert.equal((await read()).annotations.description, 'before');
  assert.equal((await patch({ description: 'é😀'.repeat(2000) })).status, 200, '4,000 letters');
});

test('of two editors who have read the same, the second is refused, and loses nothing unseen', async (t) => {
  const { patch, read } = await appOf(t);
  const { etag } = await read();
  const first = await patch({ description: 'first' }, { 'if-match': etag });
  assert.equal(first.status, 200);
  const second = await patch({ description: 'second' }, { 'if-match': etag });
  assert.deepEqual([second.status, second.body.code], [412, 'ANNOTATIONS_CHANGED']);
  assert.equal((await read()).annotations.description, 'first');
  for (const [tag, status] of [
    [first.etag, 200],
    [`"other", W/${first.etag}`, 200],
    ['*', 200],
    ['"other"', 412],
    ['', 412],
  ] as const) {
    assert.equal((await patch({ description: 'first' }, { 'if-match': tag })).status, status, tag);
  }
  const [a, b] = await Promise.all(['a', 'b'].map((description) => patch({ description }, { 'if-match': first.etag })));
  assert.deepEqual([a!.status, b!.status].sort(), [200, 412]);
});

test('changes of different fields at the same time are all kept', async (t) => {
  const { patch, read } = await appOf(t);
  const sections = ['owners', 'licence', 'factors', 'metrics', 'data', 'caveats'];
  await Promise.all([...sections.map((section) => patch({ notes: { [section]: section } })), patch({ tags: ['t'] })]);
  assert.deepEqual((await read()).annotations, {
    description: null,
    tags: ['t'],
    notes: Object.fromEntries(sections.map((section) => [section, section])),
  });
});

test('annotations are deleted with their version, also by a sweep if the process had died in between', async (t) => {
  const { app, store, patch } = await appOf(t);
  const documents = () => readdirSync(join(store.location, '.documents'));
  await patch({ description: 'x' });
  await patch({ description: 'y' }, {}, '1');
  assert.ok(documents().includes(DOCUMENT));
  assert.equal((await app.inject({ method: 'DELETE', url: '/models/2' })).statusCode, 204);
  assert.ok(!documents().includes(DOCUMENT));
  await store.writeDocument(DOCUMENT, '{}');
  assert.equal(await new FileStore(store.location).sweep(), 1);
  assert.deepEqual(
    documents().filter((name) => name.startsWith('annotations')),
    ['annotations-1.json'],
  );
});

test('broken annotations, and those of another model of the same number, count as none', async (t) => {
  const { store, logged, patch, read } = await appOf(t);
  await patch({ description: 'x' });
  const path = join(store.location, '.documents', DOCUMENT);
  for (const content of ['', '{', 'null', '{"model":"x"}', '{"model":"x","annotations":{}}']) {
    writeFileSync(path, content);
    assert.deepEqual((await read()).annotations, NOTHING, content);
    assert.ok(logged.some(({ msg }) => msg === 'the annotations of a model version are broken'));
  }
  const other = { model: 'other', annotations: { ...NOTHING, description: 'of another' } };
  writeFileSync(path, JSON.stringify(other));
  assert.deepEqual((await read()).annotations, NOTHING);
  assert.equal((await patch({ tags: ['a'] })).status, 200);
  assert.deepEqual((await read()).annotations, { ...NOTHING, tags: ['a'] });
});

test('annotations go along in archives, and are checked there like everything else', async (t) => {
  const { app, store, patch, read } = await appOf(t);
  const plain = (await app.inject({ url: '/models/2/archive' })).rawPayload;
  await patch({ description: 'Cars', tags: ['x'], notes: { owners: 'A' } });
  const archive = (await app.inject({ url: '/models/2/archive' })).rawPayload;
  assert.notDeepEqual(archive, plain);
  const headers = { 'content-type': 'application/gzip' };
  const added = await app.inject({ method: 'POST', url: '/models', headers, payload: archive });
  assert.equal(added.statusCode, 201, added.body);
  assert.equal(added.json().description, 'Cars');
  assert.deepEqual((await read('3')).annotations, (await read('2')).annotations);
  assert.ok(!readdirSync(join(store.location, '3')).includes('annotations.json'), 'a version never changes');
  assert.deepEqual((await app.inject({ url: '/models/3/archive' })).rawPayload, archive);
});
