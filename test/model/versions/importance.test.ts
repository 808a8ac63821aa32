import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import { parseCard, sealCard } from '../../../src/model/versions/card.js';
import type { Importance, PartialDependence } from '../../../src/model/versions/importance.js';
import { writeVersion } from '../../../src/model/versions/version.js';
import { sampleVersion } from '../../support/sample-version.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const FIGURES = { increase: 2, deviation: 0.1, standard_error: 0.2 };
const IMPORTANCE: Importance = {
  rmse: 7,
  rows: 2,
  repeats: 5,
  columns: [
    { name: 'b', ...FIGURES },
    { name: 'a', ...FIGURES, increase: -0.1 },
  ],
  unlisted: 0,
};
const DEPENDENCE: PartialDependence = {
  column: 'b',
  rows: 2,
  values: [1, 2.5, null],
  predictions: [[10], [20], [15]],
  unlisted: 0,
};

type Change = readonly [path: readonly (string | number)[], value: unknown];

/** The text of a sealed card with importance and dependence, changed at some places. */
function cardText(...changes: readonly Change[]): string {
  const { card, scalers, shape } = sampleVersion();
  const changed = structuredClone({
    schema: 1,
    ...card,
    scalers,
    network: { hidden: shape.hidden, auxiliary_weight: 0.05 },
    baseline: null,
    files: {},
    importance: IMPORTANCE,
    partial_dependence: [DEPENDENCE],
  }) as unknown as Record<string, unknown>;
  for (const [path, value] of changes) {
    const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, changed);
    parent[path.at(-1)!] = value;
  }
  return JSON.stringify(sealCard(changed as unknown as Parameters<typeof sealCard>[0]));
}

test('a card with what matters overall is read back, and so is one of an older version without', () => {
  const card = parseCard(cardText());
  assert.deepEqual([card.importance, card.partial_dependence], [IMPORTANCE, [DEPENDENCE]]);
  const older = parseCard(cardText([['importance'], undefined], [['partial_dependence'], undefined]));
  assert.deepEqual([older.importance, older.partial_dependence], [undefined, undefined]);
});

test('a card whose importance does not fit its columns, or has no bounds, is refused with the place', () => {
  const columns = ['importance', 'columns'] as const;
  const first = ['partial_dependence', 0] as const;
  const wrong: readonly (readonly [...Change, place: RegExp])[] = [
    [['importance'], 5, /importance/],
    [['importance', 'rows'], 1, /importance\/rows/],
    [['importance', 'rmse'], -1, /importance\/rmse/],
    [['importance', 'unlisted'], 1, /importance\/unlisted: /],
    [[...columns], new Array(101).fill({ name: 'a', ...FIGURES }), /importance\/columns/],
    [[...columns, 0, 'name'], 'other', /importance\/columns\/0\/name: "other" is no feature/],
    [[...columns, 1, 'name'], 'b', /importance\/columns\/1\/name: "b" is no feature, or there twice/],
    [[...columns, 0, 'name'], '__proto__', /importance\/columns\/0\/name: /],
    [[...columns, 0, 'increase'], null, /importance\/columns\/0\/increase/],
    [[...columns, 0, 'increase'], '2', /importance\/columns\/0\/increase/],
    [[...columns, 0, 'standard_error'], -1, /importance\/columns\/0\/standard_error/],
    [[...columns, 0, 'targets'], [], /importance\/columns\/0\/targets/],
    [[...columns, 0, 'targets'], [FIGURES, FIGURES], /importance\/columns\/0\/targets: expected one per target/],
    [['partial_dependence'], new Array(3).fill(DEPENDENCE), /partial_dependence/],
    [[...first, 'column'], 'y', /partial_dependence\/0\/column: "y" is not a feature/],
    [[...first, 'values'], [1], /partial_dependence\/0\/values/],
    [[...first, 'values'], new Array(22).fill(1), /partial_dependence\/0\/values/],
    [[...first, 'values', 1], '<img src=x onerror=alert(1)>', /partial_dependence\/0\/values\/1: expected a number/],
    [[...first, 'values', 1], {}, /partial_dependence\/0\/values/],
    [[...first, 'predictions'], [[1]], /partial_dependence\/0\/predictions: expected one per value/],
    [[...first, 'predictions', 1], [1, 2], /partial_dependence\/0\/predictions: expected one per target/],
    [[...first, 'predictions', 1], new Array(11).fill(1), /partial_dependence\/0\/predictions/],
  ];
  for (const [path, value, place] of wrong) {
    assert.throws(
      () => parseCard(cardText([path, value])),
      { code: 'INVALID_VERSION', message: place },
      path.join('/'),
    );
  }
  const infinite = cardText([[...columns, 0, 'increase'], 12345]).replace('12345', '1e999');
  assert.throws(() => parseCard(infinite), { code: 'INVALID_VERSION' });
});

test('a card that would be too large goes without what matters overall', async (t) => {
  const createEngine = await loadEngine('kernel');
  const version = sampleVersion();
  const written = (software: string) => {
    const directory = join(temporaryDirectory(t), 'version');
    const card = {
      ...version.card,
      software: { node: software },
      importance: IMPORTANCE,
      partial_dependence: [DEPENDENCE],
    };
    writeVersion(directory, { ...version, card }, createEngine);
    return parseCard(readFileSync(join(directory, 'card.json')));
  };
  assert.deepEqual(written('20').importance, IMPORTANCE);
  const room = 2 ** 20 - JSON.stringify(parseCard(cardText()), null, 2).length;
  const large = written('x'.repeat(room));
  assert.deepEqual([large.importance, large.partial_dependence], [undefined, undefined]);
  assert.throws(() => written('x'.repeat(2 ** 20)), { code: 'TOO_LARGE' });
});
