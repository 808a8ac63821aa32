import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitEncodings } from '../../../src/model/columns/fitting/fit-encoding.js';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import { Predictor } from '../../../src/model/network/predictor.js';
import { weightCount } from '../../../src/model/network/shape.js';
import { type Card, inputsOfCard, parseCard, scalersOf, sealCard } from '../../../src/model/versions/card.js';
import { makeProbe, verifyProbe } from '../../../src/model/versions/probe.js';
import { mixedColumns, mixedRows } from '../../support/mixed-table.js';
import { sampleVersion } from '../../support/sample-version.js';

const TOWNS = 300;
const DATA = mixedRows(1500, 1, TOWNS);
const INDEX = Int32Array.from({ length: 1500 }, (_, i) => i);
const COLUMNS = fitEncodings(mixedColumns(TOWNS), { ...DATA, outputs: 1 }, INDEX);

type Change = readonly [path: readonly (string | number)[], value: unknown];

/** The text of a card with these columns, with other values at some places, and sealed again. */
function cardText(...changes: readonly Change[]): string {
  const { card, scalers } = sampleVersion();
  const five = { mean: [0, 0, 0, 400, 2], scale: [1, 1, 1, 300, 1] };
  const changed = structuredClone({
    schema: 1 as const,
    ...card,
    features: COLUMNS.map(({ name }) => name),
    columns: COLUMNS,
    target_transforms: [{ method: 'log1p', mean: 2, scale: 0.5 }],
    data: { ...card.data, missing: {} },
    scalers: { features: five, targets: scalers.targets },
    network: { hidden: [3, 4], auxiliary_weight: 0.05 },
    baseline: null,
    files: {},
  }) as unknown as Record<string, unknown>;
  for (const [path, value] of changes) {
    const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, changed);
    parent[path.at(-1)!] = value;
  }
  return JSON.stringify(sealCard(changed as unknown as Omit<Card, 'checksum'>));
}

test('a card with encodings is read back, and its model predicts finite numbers for its probe', async () => {
  const card = parseCard(cardText());
  assert.deepEqual(card.columns, JSON.parse(JSON.stringify(COLUMNS)));
  const shape = { inputs: inputsOfCard(card), outputs: 1, hidden: [3, 4], auxiliaryWeight: 0.05 };
  const engine = (await loadEngine('kernel'))(shape, new Float32Array(weightCount(shape)).fill(0.1));
  using predictor = new Predictor(engine, scalersOf(card));
  assert.equal(verifyProbe(predictor, makeProbe(predictor)), 0);
});

test('encodings that do not fit their columns are refused with the place', () => {
  const [, color, , sold, town] = COLUMNS.map((_, j) => ['columns', j, 'encoding']) as (string | number)[][];
  const wrong: readonly (readonly [...Change, place: RegExp])[] = [
    [['columns', 'length'], 4, /columns: expected 5 columns, got 4/],
    [['columns', 0, 'name'], 'other', /columns\/0\/name: /],
    [['columns', 0, 'encoding', 'gaps'], 1.1, /columns/],
    [['columns', 0, 'encoding', 'scale'], 0, /columns/],
    [['columns', 0, 'encoding', 'range'], [9, 8], /columns\/0\/encoding\/range: /],
    [['columns', 0, 'encoding'], COLUMNS[1]!.encoding, /columns/],
    [['columns', 1, 'encoding'], COLUMNS[0]!.encoding, /columns/],
    [[...color!, 'places'], [], /columns\/1\/encoding\/places: /],
    [[...color!, 'places', 0], 3, /columns\/1\/encoding: a place/],
    [[...color!, 'other'], 1e9, /columns\/1\/encoding: a place/],
    [[...color!, 'gap'], 0.5, /columns/],
    [[...color!, 'shares'], [], /columns/],
    [[...color!, 'shares'], new Array(4097).fill(0), /columns/],
    [['columns', 1, 'levels', 3], 'red', /columns/],
    [['columns', 1, 'counts', 'length'], 2, /columns\/1\/counts: /],
    [[...town!, 'statistics', 'length'], 299, /columns\/4\/encoding\/statistics: /],
    [[...town!, 'statistics', 7], [1, 2], /columns\/4\/encoding\/statistics: expected one per target/],
    [[...town!, 'statistics', 7], new Array(100_000).fill(0), /one per target/],
    [[...town!, 'gap', 'statistics'], [], /one per target/],
    [[...town!, 'counts', 300], 1, /columns\/4\/encoding\/counts: /],
    [[...sold!, 'cycles'], new Array(4).fill({ period: 'week', sin: 0, cos: 0, scale: 1 }), /columns/],
    [[...sold!, 'trend', 'scale'], -1, /columns/],
    [[...sold!, 'trend', 'range'], [9, 8], /columns\/3\/encoding\/trend\/range: /],
    [['columns', 3, 'origin'], 1e300, /columns\/3\/origin: /],
    [['target_transforms'], [], /target_transforms: /],
    [['target_transforms', 0, 'scale'], 0, /target_transforms/],
    [['target_transforms', 0, 'method'], 'exp', /target_transforms/],
  ];
  for (const [path, value, place] of wrong) {
    const text = cardText([path, value]);
    assert.throws(() => parseCard(text), { code: 'INVALID_VERSION', message: place }, `${path}`);
  }
  const text = cardText();
  for (const number of ['1e999', 'null', '"1"', '-1e999']) {
    const broken = text.replace(/"mean":[-0-9.e]+,"scale"/, `"mean":${number},"scale"`);
    assert.throws(() => parseCard(broken), { code: 'INVALID_VERSION' }, number);
  }
});

test('columns of more inputs than a network may have are refused', () => {
  const shares = new Array<number>(1000).fill(0.001);
  const places = shares.map((_, i) => i);
  const wide = COLUMNS.map(({ name }) => ({
    ...COLUMNS[1]!,
    name,
    levels: places.map(String),
    counts: places,
    encoding: { ...COLUMNS[1]!.encoding, places, shares },
  }));
  assert.throws(() => parseCard(cardText([['columns'], wide])), {
    code: 'INVALID_VERSION',
    message: /at most 4096 inputs, got 5000/,
  });
});
