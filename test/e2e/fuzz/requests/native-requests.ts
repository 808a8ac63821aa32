import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { vectorFromArray } from 'apache-arrow';
import { mixedForms, mixedRows as rowsOfForms } from '../../../server/protocols/mixed-forms.js';
import { arrowStream, column } from '../../../support/arrow.js';
import { MIXED_FEATURES } from '../../../support/mixed-app.js';
import { constantParquet } from '../../../support/parquet.js';
import { VERTEX } from '../service/fuzzed-service.js';
import { type Fixtures, mixedRows, mixedTable } from '../service/keeper.js';
import { type FuzzRequest, fuzzRequest } from './fuzz-request.js';

const FIXTURES = fileURLToPath(new URL('../../../../../test/fixtures/', import.meta.url));
/** Folders of tables, some of texts, that other programs wrote. */
const TABLES = ['pyarrow', 'tables', 'tables/neighbours'].map((name) => join(FIXTURES, name));
const JSON_TYPE = ['Content-Type', 'application/json'] as const;
const CSV_TYPE = ['Content-Type', 'text/csv'] as const;
const ARROW = 'application/vnd.apache.arrow.stream';
const ARROW_TYPE = ['Content-Type', ARROW] as const;
const PARQUET_TYPE = ['Content-Type', 'application/vnd.apache.parquet'] as const;
const GZIP_TYPE = ['Content-Type', 'application/gzip'] as const;
/** Content types of table files. */
const TYPES = new Map<string, readonly [string, string]>([
  ['.csv', CSV_TYPE],
  ['.arrow', ARROW_TYPE],
  ['.arrows', ARROW_TYPE],
  ['.parquet', PARQUET_TYPE],
]);
const MIXED_ROWS = 60;

/** Requests that read nothing but their path and headers. */
const PLAIN = [
  'GET /',
  'GET /livez',
  'GET /readyz',
  'GET /readyz?verbose',
  'GET /metrics',
  'GET /monitoring/prometheus/metrics',
  'GET /model',
  'GET /models',
  'GET /models/1',
  'GET /models/1/onnx',
  'GET /models/1/archive',
  'GET /models/2/archive',
  'GET /models/1/compare/2',
  'GET /models/1/report',
  'GET /models/production/report',
  'GET /drift',
  'GET /drift/history',
  'GET /drift/events',
  'GET /v1/models',
  'GET /v2',
  'GET /ping',
  'GET /health',
  'GET /version',
  'GET /openapi.json',
  'GET /docs',
  'GET /docs/static/index.html',
  'GET /docs/json',
  'GET /none/such',
  'HEAD /models/1',
  'OPTIONS /predict',
];

/** Requests of the native routes that change little. */
export function nativeRequests({ jobId, predictionIds, archive }: Fixtures): FuzzRequest[] {
  const plain = [...PLAIN, `GET /train/${jobId}`, `GET /train/${jobId}/events`].map((line) => {
    const [method = '', target = ''] = line.split(' ');
    return fuzzRequest(line, method, target);
  });
  const page = fuzzRequest('page', 'GET', '/', [['Accept', 'text/html']]);
  const archiveUp = fuzzRequest('POST /models', 'POST', '/models', [GZIP_TYPE], archive.subarray(0, 500));
  const remove = fuzzRequest('DELETE /models', 'DELETE', '/models/1000');
  const described = { description: 'a', tags: ['b'], notes: { owners: 'c', data: null } };
  const describe = fuzzRequest('PATCH /models', 'PATCH', '/models/1', [JSON_TYPE], JSON.stringify(described));
  const cancel = fuzzRequest('DELETE /train', 'DELETE', `/train/${jobId}`);
  return [
    ...plain,
    page,
    archiveUp,
    remove,
    describe,
    cancel,
    ...predictions(),
    ...mixedPredictions(),
    ...feedback(predictionIds),
  ];
}

/** Requests that change which model serves, what is stored or what is watched. They are to be sent rarely. */
export function statefulRequests({ archive, rows }: Fixtures): FuzzRequest[] {
  const train = '/train?target=y&epochs=1&promote=never';
  const labelled = rows.map(([a, b, c, y]) => ({ a, b, c, y }));
  const columns = Object.fromEntries(['a', 'b', 'c', 'y'].map((name, j) => [name, column(rows.map((row) => row[j]!))]));
  const csv = ['a,b,c,y', ...rows.map((row) => row.join(','))].join('\n');
  const instances = rows.map(([a, b, c]) => [a, b, c]);
  const targets = rows.map((row) => row[3]);
  const json = (name: string, target: string, body: unknown) =>
    fuzzRequest(name, 'POST', target, [JSON_TYPE], JSON.stringify(body));
  const since = '2020-01-01T00:00:00.000Z';
  return [
    fuzzRequest('train CSV', 'POST', train, [CSV_TYPE], csv),
    fuzzRequest('train CSV, wait', 'POST', `${train}&wait=true`, [CSV_TYPE], csv),
    fuzzRequest('train CSV, gzip', 'POST', train, [CSV_TYPE, ['Content-Encoding', 'gzip']], gzipSync(csv)),
    fuzzRequest('train Arrow', 'POST', train, [ARROW_TYPE], arrowStream(columns)),
    json('train JSON', '/train?epochs=1', { instances, targets, promote: 'never' }),
    json('train JSON, named rows', '/train?epochs=1', { instances: labelled, target: 'y', promote: 'never' }),
    json('train on feedback', '/train?epochs=1', { source: 'feedback', mix_reference: true, promote: 'never' }),
    ...mixedTrainings(),
    fuzzRequest('upload', 'POST', '/models', [GZIP_TYPE], archive),
    fuzzRequest('activate', 'POST', '/models/1/activate'),
    fuzzRequest('rollback', 'POST', '/models/rollback'),
    fuzzRequest('remove', 'DELETE', '/models/3'),
    fuzzRequest('drift reset', 'POST', '/drift/reset'),
    json('drift baseline', '/drift/baseline', { since, reason: 'fuzz', minimum_rows: 200 }),
    json('repository load', '/v2/repository/models/test/load', {}),
  ];
}

/** Tables of texts, dates and gaps in each format. */
function mixedTrainings(): FuzzRequest[] {
  const query = 'target=y&epochs=1&promote=never&replace=true';
  const rows = mixedRows(MIXED_ROWS);
  const names = [...MIXED_FEATURES, 'y'];
  const named = rows.map((row) => Object.fromEntries(names.map((name, j) => [name, row[j]])));
  const columns = Object.fromEntries(names.map((name, j) => [name, vectorFromArray(rows.map((row) => row[j]))]));
  const csv = mixedTable(MIXED_ROWS);
  const json = { instances: named, target: 'y', replace: true, epochs: 1, promote: 'never' };
  const post = (name: string, target: string, type: readonly [string, string], body: string | Uint8Array) =>
    fuzzRequest(`train mixed ${name}`, 'POST', target, [type], body);
  return [
    post('CSV', `/train?${query}`, CSV_TYPE, csv),
    post('CSV, choices', `/train?${query}&types=color:category,sold:timestamp&drop=width`, CSV_TYPE, csv),
    post('CSV, dialect', `/train?${query}&delimiter=;&decimal=.`, CSV_TYPE, csv.replaceAll(',', ';')),
    post('CSV, report', '/train?dry_run=true', CSV_TYPE, csv),
    post('Arrow', `/train?${query}`, ARROW_TYPE, arrowStream(columns)),
    post('JSON', '/train', JSON_TYPE, JSON.stringify(json)),
    post(
      'JSON, choices',
      '/train',
      JSON_TYPE,
      JSON.stringify({ ...json, drop: ['width'], types: { new: 'category' } }),
    ),
  ];
}

/** Trainings on table files of other writers, whose columns are others, and reports on them. */
export function tableRequests(): FuzzRequest[] {
  return ['/train?target=y&epochs=1&promote=never', '/train?dry_run=true'].flatMap(tableFiles);
}

function tableFiles(train: string): FuzzRequest[] {
  return TABLES.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .sort()
    .flatMap((file) => {
      const type = TYPES.get(extname(file));
      return type ? [fuzzRequest(`train ${basename(file)}`, 'POST', train, [type], readFileSync(file))] : [];
    });
}

/** Rows of texts, numbers and dates, for the model that has such columns. */
function mixedPredictions(): FuzzRequest[] {
  const rows = mixedRows(3).map((row) => row.slice(0, MIXED_FEATURES.length));
  const named = rows.map((row) => Object.fromEntries(MIXED_FEATURES.map((name, j) => [name, row[j]])));
  const csv = [MIXED_FEATURES, ...rows].map((row) => row.join(',')).join('\n');
  const columns = Object.fromEntries(
    MIXED_FEATURES.map((name, j) => [name, vectorFromArray(rows.map((row) => row[j]))]),
  );
  const text = JSON.stringify({ instances: rows });
  const many = JSON.stringify({ instances: Array.from({ length: 1500 }, () => rows).flat() });
  const post = (name: string, headers: FuzzRequest['headers'], body: string | Uint8Array, query = '') =>
    fuzzRequest(`predict mixed ${name}`, 'POST', `/predict${query}`, headers, body);
  return [
    post('JSON', [JSON_TYPE], text),
    post('JSON, ids', [JSON_TYPE], text, '?ids=true'),
    post('JSON, explain', [JSON_TYPE], text, '?explain=true'),
    post('named rows', [JSON_TYPE], JSON.stringify({ instances: named })),
    post('CSV', [CSV_TYPE], csv),
    post('Arrow to Arrow', [ARROW_TYPE, ['Accept', ARROW]], arrowStream(columns)),
    post('many rows', [JSON_TYPE], many),
    post('Parquet', [PARQUET_TYPE], constantParquet({ columns: ['size', 'color', 'new', 'width', 'x'], rows: 3 })),
    post('CSV, UTF-16', [['Content-Type', 'text/csv; charset=utf-16le']], Buffer.from(csv, 'utf16le')),
    ...mixedForms(rowsOfForms(3)).map(({ name, url, headers, body }) =>
      fuzzRequest(`mixed ${name}`, 'POST', url.replace(/^\/vertex/, VERTEX), Object.entries(headers), body),
    ),
  ];
}

function predictions(): FuzzRequest[] {
  const rows = [
    [1, 2, 3],
    [-4.5, 5e-3, 6],
  ];
  const named = rows.map(([a, b, c]) => ({ a, b, c }));
  const columns = Object.fromEntries(['a', 'b', 'c'].map((name, j) => [name, column(rows.map((row) => row[j]!))]));
  const text = JSON.stringify({ instances: rows });
  const csv = `a,b,c\n${rows.map((row) => row.join(',')).join('\n')}\n`;
  const many = JSON.stringify({ instances: Array.from({ length: 2000 }, (_, i) => [i % 7, i % 11, i % 5]) });
  const post = (name: string, headers: FuzzRequest['headers'], body: string | Uint8Array, query = '') =>
    fuzzRequest(`predict ${name}`, 'POST', `/predict${query}`, headers, body);
  return [
    post('JSON', [JSON_TYPE], text),
    post('JSON, ids', [JSON_TYPE], text, '?ids=true'),
    post('JSON, explain', [JSON_TYPE], text, '?explain=true'),
    post('named rows', [JSON_TYPE], JSON.stringify({ instances: named })),
    post('JSON to CSV', [JSON_TYPE, ['Accept', 'text/csv']], text),
    post('JSON to Arrow', [JSON_TYPE, ['Accept', ARROW]], text),
    post('CSV', [CSV_TYPE], csv),
    post('CSV to CSV', [CSV_TYPE, ['Accept', 'text/csv']], csv),
    post('Parquet', [PARQUET_TYPE], constantParquet({ columns: ['a', 'b', 'c', 'd'], rows: 3 })),
    post('Parquet to Arrow', [PARQUET_TYPE, ['Accept', ARROW]], constantParquet({ columns: ['c', 'b', 'a'], rows: 2 })),
    post('Arrow', [ARROW_TYPE], arrowStream(columns)),
    post('Arrow to Arrow', [ARROW_TYPE, ['Accept', ARROW]], arrowStream(columns)),
    post('gzip', [JSON_TYPE, ['Content-Encoding', 'gzip']], gzipSync(text)),
    post('many rows', [JSON_TYPE], many),
    post(
      'many rows, gzip both ways',
      [JSON_TYPE, ['Content-Encoding', 'gzip'], ['Accept-Encoding', 'gzip']],
      gzipSync(many),
    ),
  ];
}

function feedback(predictionIds: readonly string[]): FuzzRequest[] {
  const rows = [
    { instances: [[1, 2, 3]], targets: [4] },
    { instances: [{ a: 1, b: 2, c: 3, y: 4 }], target: 'y' },
    { ids: predictionIds.slice(0, 2), targets: [[1], [2]] },
    { ids: ['none'], targets: [[1]] },
    { instances: mixedRows(2).map((row) => row.slice(0, -1)), targets: [1, 2] },
  ];
  return rows.map((body, i) => fuzzRequest(`feedback ${i}`, 'POST', '/feedback', [JSON_TYPE], JSON.stringify(body)));
}
