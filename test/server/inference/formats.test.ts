import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Bool, Dictionary, DurationSecond, Int32, tableFromIPC, Utf8, vectorFromArray } from 'apache-arrow';
import type { FastifyInstance } from 'fastify';
import { createRandom } from '../../../src/base/statistics/random.js';
import type { Observation } from '../../../src/server/service/prediction/prediction-service.js';
import { arrowStream, column, NUMBER_TYPES } from '../../support/arrow.js';
import { buildTestApp } from '../../support/test-app.js';

const ARROW = 'application/vnd.apache.arrow.stream';
const LIMITS = { bodyLimit: 2 ** 22, maxRows: 20_000 };
const NAMES = ['a', 'b', 'c'];

const post = (app: FastifyInstance, type: string, payload: Buffer | string, headers = {}, query = '') =>
  app.inject({ method: 'POST', url: `/predict${query}`, headers: { 'content-type': type, ...headers }, payload });

/** `[rows, targets + 1]`: predictions and reconstruction errors, as float32. */
type Answers = number[][];

function fromJson(body: string): Answers {
  const { predictions, reconstruction_error } = JSON.parse(body);
  return predictions.map((row: number[], i: number) => [...row, reconstruction_error[i]].map(Math.fround));
}

function fromCsv(body: string): Answers {
  const [, ...lines] = body.trimEnd().split('\r\n');
  return lines.map((line) => line.split(',').map((cell) => Math.fround(Number(cell))));
}

function fromArrow(body: Uint8Array): Answers {
  const table = tableFromIPC(body);
  const columns = table.schema.names.map((name) => table.getChild(name)!.toArray());
  return Array.from({ length: table.numRows }, (_, i) => columns.map((values) => values[i]));
}

const csvOf = (rows: readonly (number | null)[][], names = NAMES) =>
  [names, ...rows].map((row) => row.join(',')).join('\n');
const arrowOf = (rows: readonly (number | null)[][], type = NUMBER_TYPES.at(-1)!.type, names = NAMES) =>
  arrowStream(
    Object.fromEntries(
      names.map((name, j) => [
        name,
        column(
          rows.map((row) => row[j]!),
          type,
        ),
      ]),
    ),
  );

test('the same rows in every format, of every type of numbers that holds them, packed or not, have the same bits', async (t) => {
  const { app } = await buildTestApp(t, NAMES, LIMITS);
  const random = createRandom(7);
  for (const { type, whole, least, most } of NUMBER_TYPES) {
    for (const count of whole ? [1, 300] : [7, 1000]) {
      const rows = Array.from({ length: count }, () =>
        NAMES.map(() => {
          const value = least + (most - least) * random.uniform();
          return whole ? Math.round(value) : type.toString() === 'Float64' ? value : Math.round(value * 8) / 8;
        }),
      );
      // What a float16 or float32 rounds, JSON would not: it gets the rounded number.
      const held = arrowOf(rows, type);
      const table = tableFromIPC(held);
      const given = rows.map((_, i) => NAMES.map((name) => Number(table.getChild(name)!.get(i))));
      const expected = fromJson((await post(app, 'application/json', JSON.stringify(given))).body);
      const order = ['c', 'a', 'b'];
      const turned = given.map(([a, b, c]) => [c!, a!, b!]);
      const bodies: [what: string, type: string, body: Buffer | string][] = [
        ['named JSON', 'application/json', JSON.stringify(given.map(([a, b, c]) => ({ c, a, b })))],
        ['CSV', 'text/csv', csvOf(turned, order)],
        ['Arrow', ARROW, held],
        ['Arrow in another order', ARROW, arrowOf(turned, type, order)],
        ['Arrow in batches', ARROW, arrowStream(...batches(given, type))],
      ];
      for (const [what, contentType, body] of bodies) {
        for (const packed of [false, true]) {
          const sent = packed ? gzipSync(body) : body;
          const encoding = packed ? { 'content-encoding': 'gzip' } : {};
          const ask = async (accept: string) => {
            const answer = await post(app, contentType, sent, { ...encoding, accept });
            assert.equal(answer.statusCode, 200, `${what}, ${type}: ${answer.body.slice(0, 300)}`);
            return answer;
          };
          const name = `${what}, ${type}, ${count} rows`;
          assert.deepEqual(fromJson((await ask('application/json')).body), expected, name);
          assert.deepEqual(fromCsv((await ask('text/csv')).body), expected, name);
          assert.deepEqual(fromArrow((await ask(ARROW)).rawPayload), expected, name);
        }
      }
    }
  }
});

function batches(rows: number[][], type = NUMBER_TYPES[0]!.type) {
  const parts = [];
  for (let from = 0; from < rows.length; from += 90) {
    const part = rows.slice(from, from + 90);
    parts.push(
      Object.fromEntries(
        NAMES.map((name, j) => [
          name,
          column(
            part.map((row) => row[j]!),
            type,
          ),
        ]),
      ),
    );
  }
  return parts;
}

test('it is one observation, and the version is in the metadata of the schema and in a header', async (t) => {
  const { app, service } = await buildTestApp(t, NAMES, LIMITS);
  const seen: number[] = [];
  service.observe(({ count }: Observation) => seen.push(count));
  const rows = Array.from({ length: 5000 }, (_, i) => [i, -i, i / 2]);
  const arrow = await post(app, ARROW, arrowOf(rows));
  assert.equal(arrow.headers['content-type'], ARROW);
  assert.equal(arrow.headers['x-model-version'], '1');
  const { schema, numRows } = tableFromIPC(arrow.rawPayload);
  assert.deepEqual([schema.names, numRows], [['y', 'reconstruction_error'], 5000]);
  assert.deepEqual(Array.from(schema.metadata), [['model_version', '1']]);
  const csv = await post(app, 'text/csv', csvOf(rows));
  assert.equal(csv.headers['content-type'], 'text/csv; charset=utf-8');
  assert.equal(csv.headers['x-model-version'], '1');
  assert.equal(csv.body.split('\r\n')[0], 'y,reconstruction_error');
  assert.deepEqual(seen, [5000, 5000]);
});

test('the reply has the type that the client likes best, and that of the body if it likes several alike', async (t) => {
  const { app } = await buildTestApp(t);
  const cases: [accept: string | undefined, given: string, got: string][] = [
    [undefined, 'application/json', 'application/json'],
    [undefined, 'text/csv', 'text/csv'],
    ['*/*', ARROW, ARROW],
    ['text/html, */*;q=0.8', ARROW, ARROW],
    ['text/*', 'application/json', 'text/csv'],
    [`${ARROW};q=0.2, application/json;q=0.9`, ARROW, 'application/json'],
    [`${ARROW};q=0.2, text/csv;q=0.1`, 'application/json', ARROW],
    ['application/json, text/csv', 'text/csv', 'application/json'],
    ['text/csv;q=0, */*', 'text/csv', 'application/json'],
  ];
  const bodies: Record<string, Buffer | string> = {
    'application/json': '[[1, 2, 3]]',
    'text/csv': 'a,b,c\n1,2,3\n',
    [ARROW]: arrowOf([[1, 2, 3]]),
  };
  for (const [accept, given, got] of cases) {
    const answer = await post(app, given, bodies[given]!, accept === undefined ? {} : { accept });
    assert.equal(answer.statusCode, 200, answer.body);
    assert.equal(String(answer.headers['content-type']).split(';')[0], got, `${accept}, ${given}`);
  }
  const refused = await post(app, 'application/json', '[[1, 2, 3]]', { accept: 'application/xml, text/csv;q=0' });
  assert.equal(refused.statusCode, 406);
  assert.match(
    refused.json().error,
    /^accept: expected one of application\/json, text\/csv, .*, got "application\/xml/,
  );
});

test('null, NaN and an empty cell are missing values, refused or imputed as ON_MISSING has it', async (t) => {
  const strict = await buildTestApp(t);
  const rows = [
    [1, 2, 3],
    [4, null, 6],
  ];
  const refusal = 'instances[1]["b"]: expected a finite number, got null';
  for (const answer of [
    await post(strict.app, ARROW, arrowOf(rows)),
    await post(strict.app, ARROW, arrowOf(rows, new Int32())),
    await post(strict.app, ARROW, arrowOf([rows[0]!, [4, Number.NaN, 6]])),
    await post(strict.app, 'text/csv', csvOf(rows)),
  ]) {
    assert.deepEqual([answer.statusCode, answer.json().code, answer.json().error], [400, 'INVALID_ROWS', refusal]);
  }
  const { app } = await buildTestApp(t, NAMES, { allowMissing: true });
  const expected = fromJson((await post(app, 'application/json', JSON.stringify(rows))).body);
  assert.deepEqual(fromArrow((await post(app, ARROW, arrowOf(rows, new Int32()))).rawPayload), expected);
  assert.deepEqual(fromCsv((await post(app, 'text/csv', csvOf(rows))).body), expected);
});

test('explanations come with JSON replies alone, ids with all', async (t) => {
  const { app } = await buildTestApp(t);
  const body = arrowOf([[1, 2, 3]]);
  const refused = await post(app, ARROW, body, {}, '?explain=true');
  assert.deepEqual([refused.statusCode, refused.json().code], [400, 'INVALID_QUERY']);
  assert.match(refused.json().error, /^explain: expected a reply of application\/json/);
  const json = { accept: 'application/json' };
  const explained = await post(app, ARROW, body, json, '?explain=true&ids=true');
  const plain = await post(app, 'application/json', '[[1, 2, 3]]', {}, '?explain=true');
  assert.deepEqual(explained.json().explanations, plain.json().explanations);
  const ids = [explained.json().prediction_id];
  const arrow = await post(app, ARROW, body, {}, '?ids=true');
  ids.push(arrow.headers['x-prediction-id']);
  assert.equal(tableFromIPC(arrow.rawPayload).schema.metadata.get('prediction_id'), ids[1]);
  ids.push((await post(app, 'text/csv', 'a,b,c\n1,2,3', {}, '?ids=true')).headers['x-prediction-id']);
  const payload = { ids, targets: [[1], [2], [3]] };
  const feedback = await app.inject({ method: 'POST', url: '/feedback', payload });
  assert.equal(feedback.json().rows, 3, feedback.body);
});

const words = (type = new Utf8()) => ({ a: vectorFromArray(['one'], type), b: column([1]), c: column([1]) });
const BAD: [what: string, type: string, body: () => Buffer | string, status: number, code: string, error: RegExp][] = [
  [
    'text in Arrow',
    ARROW,
    () => arrowStream(words()),
    400,
    'INVALID_ROWS',
    /^instances\[0\]\["a"\]: expected a finite number, got "one"$/,
  ],
  [
    'a dictionary of words',
    ARROW,
    () =>
      arrowStream({
        a: vectorFromArray(['1', 'one'], new Dictionary(new Utf8(), new Int32())),
        b: column([1, 1]),
        c: column([1, 1]),
      }),
    400,
    'INVALID_ROWS',
    /^instances\[1\]\["a"\]: expected a finite number, got "one"$/,
  ],
  [
    'a boolean',
    ARROW,
    () => arrowStream({ a: vectorFromArray([true], new Bool()), b: column([1]), c: column([1]) }),
    400,
    'INVALID_ROWS',
    /^instances\[0\]\["a"\]: expected a finite number, got true$/,
  ],
  [
    'a duration',
    ARROW,
    () => arrowStream({ a: vectorFromArray([1n], new DurationSecond()), b: column([1]), c: column([1]) }),
    400,
    'INVALID_ARROW',
    /column "a": expected numbers, texts, booleans, dates or times, got Duration$/,
  ],
  [
    'a column too few in Arrow',
    ARROW,
    () => arrowOf([[1, 2]], undefined, ['a', 'c']),
    400,
    'INVALID_ROWS',
    /^columns: feature "b" is missing; the columns are "a", "c"$/,
  ],
  [
    'a column twice in CSV',
    'text/csv',
    () => 'a,b,c,a\n1,2,3,4',
    400,
    'INVALID_CSV',
    /^header: column "a" appears twice$/,
  ],
  [
    'an infinity',
    ARROW,
    () =>
      arrowOf([
        [1, 2, 3],
        [1, 2, Number.POSITIVE_INFINITY],
      ]),
    400,
    'INVALID_ROWS',
    /^instances\[1\]\["c"\]: expected a finite number, got Infinity$/,
  ],
  [
    'what float32 cannot hold',
    ARROW,
    () => arrowOf([[1e39, 2, 3]]),
    400,
    'INVALID_ROWS',
    /^instances\[0\]\["a"\]: expected a finite number, got 1e\+39$/,
  ],
  [
    'a word in CSV',
    'text/csv',
    () => 'a,b,c\n1,2,3\n4,five,6',
    400,
    'INVALID_ROWS',
    /^instances\[1\]\["b"\]: expected a finite number, got "five"$/,
  ],
  ['a short line in CSV', 'text/csv', () => 'a,b,c\n1,2,3\n4,5', 400, 'INVALID_CSV', /line 3/],
  [
    'a header alone',
    'text/csv',
    () => 'a,b,c\n',
    400,
    'INVALID_ROWS',
    /^instances: expected at least one row, got none$/,
  ],
  [
    'no rows in Arrow',
    ARROW,
    () => arrowOf([]),
    400,
    'INVALID_ROWS',
    /^instances: expected at least one row, got none$/,
  ],
  ['nothing as CSV', 'text/csv', () => '', 400, '', /./],
  ['nothing as Arrow', ARROW, () => '', 400, '', /./],
  [
    'too many rows in Arrow',
    ARROW,
    () => arrowOf(Array.from({ length: 101 }, () => [1, 2, 3])),
    413,
    'TOO_LARGE',
    /^instances: expected at most 100 rows, got 101$/,
  ],
  [
    'too many rows in CSV',
    'text/csv',
    () => csvOf(Array.from({ length: 101 }, () => [1, 2, 3])),
    413,
    'TOO_LARGE',
    /^instances: expected at most 100 rows, got 101$/,
  ],
  [
    'an answer beyond float32',
    ARROW,
    () =>
      arrowOf([
        [1, 2, 3],
        [3e38, 3e38, 3e38],
      ]),
    400,
    'NON_FINITE_OUTPUT',
    /^instances\[1\]: too far/,
  ],
];
for (const [what, type, body, status, code, error] of BAD) {
  test(`${what} is a ${status} that names the place`, async (t) => {
    const { app } = await buildTestApp(t);
    const answer = await post(app, type, body());
    assert.equal(answer.statusCode, status, answer.body);
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    assert.match(answer.json().error, error);
    if (code) assert.equal(answer.json().code, code);
  });
}
