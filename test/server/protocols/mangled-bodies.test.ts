import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { buildMixedApp } from '../../support/mixed-app.js';
import { buildTestApp } from '../../support/test-app.js';
import { mixedForms, mixedRows } from './mixed-forms.js';
import { type WireForm, wireForms } from './wire-forms.js';

const FEATURES = ['a', 'b', 'c'];
const ROWS = [
  [1, 2, 3],
  [-4.5, 5e-3, 6],
];
const OPTIONS = { vertex: { predict: '/vertex:predict', health: '/vertex' } };
/** Mangled bodies of each form. */
const TIMES = 60;
/** What may stay behind after thousands of bodies that claim to be huge, in bytes. */
const MAX_KEPT = 64 * 2 ** 20;

for (const form of wireForms(FEATURES, ROWS)) {
  test(`${form.name}: a mangled body is answered, or refused in the words of its contract`, async (t) => {
    const { app } = await buildTestApp(t, FEATURES, OPTIONS);
    const random = createRandom(7).uniform;
    for (let i = 0; i < TIMES; i++) {
      const payload = mangle(form.body, random);
      const reply = await app.inject({ method: 'POST', url: form.url, headers: form.headers, payload });
      const about = `${payload.toString('latin1')} -> ${reply.statusCode} ${reply.body}`;
      assert.ok(reply.statusCode < 500, about);
      if (reply.statusCode !== 200) assertRefusal(form, reply.statusCode, reply.body, about);
    }
    const { headers, url, body } = form;
    assert.equal((await app.inject({ method: 'POST', url, headers, payload: body })).statusCode, 200);
  });
}

for (const form of mixedForms(mixedRows(2))) {
  test(`${form.name}: a mangled body of mixed columns is answered, or refused in the words of its contract`, async (t) => {
    const { app } = await buildMixedApp(t, OPTIONS);
    const random = createRandom(11).uniform;
    for (let i = 0; i < TIMES; i++) {
      const payload = mangle(form.body, random);
      const reply = await app.inject({ method: 'POST', url: form.url, headers: form.headers, payload });
      const about = `${payload.toString('latin1')} -> ${reply.statusCode} ${reply.body}`;
      assert.ok(reply.statusCode < 500, about);
      if (reply.statusCode !== 200) assertRefusal(form, reply.statusCode, reply.body, about);
    }
    const { headers, url, body } = form;
    assert.equal((await app.inject({ method: 'POST', url, headers, payload: body })).statusCode, 200);
  });
}

test('binary texts that claim to be long take no memory', async (t) => {
  const { app } = await buildMixedApp(t, { maxRows: 10_000_000 });
  const before = process.memoryUsage().arrayBuffers;
  for (const length of [0xffffffff, 0x7fffffff, 5]) {
    const text = Buffer.alloc(4);
    text.writeUInt32LE(length);
    for (const [rows, size] of [
      [1, 4],
      [1, 2 ** 31],
      [9_000_000, 36_000_000],
      [1, -1],
      [1, 4.5],
    ]) {
      const input = { name: 'color', shape: [rows], datatype: 'BYTES', parameters: { binary_data_size: size } };
      const others = ['size', 'new', 'sold', 'width'].map((name) => ({
        name,
        shape: [rows],
        datatype: 'BYTES',
        data: [],
      }));
      const header = JSON.stringify({ inputs: [input, ...others] });
      const headers = { 'inference-header-content-length': String(header.length) };
      const payload = Buffer.concat([Buffer.from(header), text]);
      const reply = await app.inject({ method: 'POST', url: '/v2/models/test/infer', headers, payload });
      assert.equal(reply.statusCode, 400, `${length} ${rows} ${size}: ${reply.body}`);
    }
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < MAX_KEPT);
});

test('a header length that is wrong by any number of bytes is refused', async (t) => {
  const { app } = await buildTestApp(t, FEATURES);
  const { url, headers, body } = wireForms(FEATURES, ROWS).find(({ name }) => name === 'Open Inference, binary')!;
  const right = Number(headers['inference-header-content-length']);
  for (let length = 1; length <= body.length + 2; length++) {
    if (length === right) continue;
    const wrong = { ...headers, 'inference-header-content-length': String(length) };
    const reply = await app.inject({ method: 'POST', url, headers: wrong, payload: body });
    assert.equal(reply.statusCode, 400, `${length}: ${reply.body}`);
    assert.equal(typeof reply.json().error, 'string');
  }
});

test('bodies that claim to be huge take no memory', async (t) => {
  const { app } = await buildTestApp(t, FEATURES, { maxRows: 10_000_000 });
  const claims = ['FP32', 'FP64', 'INT64'].flatMap((datatype) =>
    [9_000_000, 10_000_001, 2 ** 53, 1e300].flatMap((rows) =>
      [{ data: [1, 2, 3] }, { parameters: { binary_data_size: rows * 12 } }, { data: [[1, 2, 3]] }].map((more) =>
        JSON.stringify({ inputs: [{ name: 'inputs', shape: [rows, 3], datatype, ...more }] }),
      ),
    ),
  );
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 20; i++) {
    for (const payload of claims) {
      const headers = { 'inference-header-content-length': String(payload.length) };
      const reply = await app.inject({ method: 'POST', url: '/v2/models/test/infer', headers, payload });
      assert.ok([400, 413].includes(reply.statusCode), `${payload}: ${reply.body}`);
    }
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < MAX_KEPT);
});

/** Cut off, with a byte changed, with bytes too many, with a piece there twice, or with a hostile piece in it. */
function mangle(body: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * body.length);
  const pieces = [
    '[',
    ']',
    '{',
    '}',
    '"',
    ',',
    '-',
    '1e999',
    'null',
    '{"__proto__":1}',
    '\0',
    '\u00ff\u00fe',
    '['.repeat(10_000),
  ];
  const from = Math.floor(random() * at);
  switch (Math.floor(random() * 5)) {
    case 0:
      return body.subarray(0, at);
    case 1: {
      const changed = Buffer.from(body);
      changed[at] = Math.floor(random() * 256);
      return changed;
    }
    case 2:
      return Buffer.concat([body, body.subarray(at)]);
    case 3:
      return Buffer.concat([body.subarray(0, at), body.subarray(from)]);
    default: {
      const piece = pieces[Math.floor(random() * pieces.length)]!;
      return Buffer.concat([body.subarray(0, at), Buffer.from(piece, 'latin1'), body.subarray(at)]);
    }
  }
}

function assertRefusal({ url }: Pick<WireForm, 'url'>, status: number, body: string, about: string): void {
  if (status === 415) return;
  const refusal = JSON.parse(body) as Record<string, unknown>;
  const keys = url === '/invocations' ? ['error_code', 'message', 'error', 'code'] : ['error', 'code'];
  for (const key of keys) assert.ok(typeof refusal[key] === 'string' && refusal[key] !== '', about);
}
