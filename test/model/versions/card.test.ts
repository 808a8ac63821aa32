import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Card, parseCard, sealCard, sha256 } from '../../../src/model/versions/card.js';
import { sampleVersion } from '../../support/sample-version.js';

test('a sealed card is read back unchanged', () => {
  const card = sampleCard();
  assert.deepEqual(parseCard(JSON.stringify(card)), card);
  assert.deepEqual(parseCard(JSON.stringify(card, null, 2)), card);
});

test('a card with names that every object inherits, or that look like numbers, is read back unchanged', () => {
  const names = ['__proto__', '10', '9', 'constructor', 'é\ud800\n"'];
  const missing = Object.fromEntries(names.map((name, i) => [name, i]));
  const { data, scalers, ...rest } = sampleCard();
  const numbers = [1, 2, 3, 4, 5];
  const card = sealCard({
    ...unsealed(rest),
    features: names,
    data: { ...data, missing },
    scalers: { ...scalers, features: { mean: numbers, scale: numbers } },
  });
  const read = parseCard(JSON.stringify(card));
  assert.deepEqual(read.features, names);
  assert.deepEqual(Object.entries(read.data.missing).toSorted(), Object.entries(missing).toSorted());
});

test('a card that lacks any key, however deep, is refused with the place', () => {
  const card = sampleCard();
  const paths = requiredPaths(card);
  assert.ok(paths.length > 50, `${paths.length} paths`);
  for (const path of paths) {
    const holed = without(card, path);
    assert.throws(
      () => parseCard(JSON.stringify('checksum' in holed ? reseal(holed) : holed)),
      (error: Error & { code?: string }) => error.code === 'INVALID_VERSION' && error.message.includes(path.at(-1)!),
      path.join('.'),
    );
  }
});

test('a value of another type is refused with the place', () => {
  const card = sampleCard();
  const wrong: [Partial<Record<keyof Card, unknown>>, RegExp][] = [
    [{ schema: 2 }, /^card\.json\/schema: /],
    [{ features: [] }, /^card\.json\/features: /],
    [{ features: 'a' }, /^card\.json\/features: /],
    [{ features: ['a', ''] }, /^card\.json\/features\/1: /],
    [{ targets: null }, /^card\.json\/targets: /],
    [{ network: { hidden: [0], auxiliary_weight: 0.05 } }, /^card\.json\/network\/hidden\/0: /],
    [{ network: { hidden: [3.5], auxiliary_weight: 0.05 } }, /^card\.json\/network\/hidden\/0: /],
    [{ network: { hidden: [3], auxiliary_weight: Number.NaN } }, /^card\.json\/network\/auxiliary_weight: /],
    [{ files: { 'weights.bin': 'x' } }, /^card\.json\/files/],
  ];
  for (const [change, message] of wrong) {
    const text = JSON.stringify(reseal({ ...card, ...change }));
    assert.throws(() => parseCard(text), { code: 'INVALID_VERSION', message }, JSON.stringify(change));
  }
});

test('scalers of another length than the columns are refused', () => {
  const { scalers, ...rest } = sampleCard();
  const { mean, scale } = scalers.features;
  for (const features of [
    { mean: mean.slice(1), scale },
    { mean, scale: [...scale, 1] },
    { mean, scale, range: [] },
  ]) {
    const card = sealCard({ ...unsealed(rest), scalers: { ...scalers, features } });
    assert.throws(() => parseCard(JSON.stringify(card)), {
      code: 'INVALID_VERSION',
      message: /^card\.json\/scalers: /,
    });
  }
});

test('baselines of other targets than the card are refused, and a card without them or without a ridge regression is read', () => {
  const card = sampleCard();
  const errors = { rmse: 1, mae: 1 };
  const ridge = { rows: 8, targets: { y: { ...errors, penalty: 0.1 } } };
  const mean = { targets: { y: errors } };
  const read = (baselines: unknown) => () => parseCard(JSON.stringify(reseal({ ...card, baselines })));
  for (const baselines of [undefined, { mean, ridge }, { mean, ridge: null, ridge_unavailable: 'why' }]) {
    assert.doesNotThrow(read(baselines));
  }
  for (const [baselines, place] of [
    [{ mean: { targets: { z: errors } }, ridge: null }, '/baselines/mean/targets: expected the targets of the card'],
    [{ mean, ridge: { rows: 8, targets: {} } }, '/baselines/ridge/targets: expected the targets of the card'],
    [{ mean, ridge: { rows: 8, targets: { y: errors } } }, '/baselines/ridge'],
    [{ mean: { targets: { y: { rmse: null, mae: 1 } } }, ridge: null }, '/baselines/mean/targets/y/rmse'],
  ] as const) {
    assert.throws(read(baselines), (error: Error & { code?: string }) => {
      return error.code === 'INVALID_VERSION' && error.message.startsWith(`card.json${place}`);
    });
  }
});

test('anything but a JSON object is refused', () => {
  const whole = JSON.stringify(sampleCard());
  for (const text of ['', '{', '\0\0\0', whole.slice(0, -1), whole.slice(0, 100), `${whole}x`]) {
    assert.throws(() => parseCard(text), { code: 'INVALID_VERSION', message: 'card.json: not JSON' });
  }
  for (const text of ['null', '[]', '5', '{}', '"card"']) {
    assert.throws(() => parseCard(text), { code: 'INVALID_VERSION' }, text);
  }
});

test('a flipped bit anywhere in a card is refused', () => {
  const bytes = Buffer.from(JSON.stringify(sampleCard()));
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1;
    assert.throws(() => parseCard(flipped.toString()), { code: 'INVALID_VERSION' }, `byte ${at}`);
  }
});

test('the checksum is SHA-256 in hexadecimal', () => {
  // FIPS 180-2, appendix B.1.
  const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  assert.equal(sha256('abc'), expected);
  assert.equal(sha256(Uint8Array.of(97, 98, 99)), expected);
});

function sampleCard(): Card {
  const { card, scalers, shape } = sampleVersion();
  return sealCard({
    schema: 1,
    ...card,
    scalers: {
      features: { mean: [...scalers.features.mean], scale: [...scalers.features.scale] },
      targets: { mean: [...scalers.targets.mean], scale: [...scalers.targets.scale] },
    },
    network: { hidden: [...shape.hidden], auxiliary_weight: shape.auxiliaryWeight },
    baseline: { rows: 20, conditional: false },
    files: { 'weights.bin': { bytes: 4, sha256: 'x' } },
  });
}

function unsealed<T extends object>(card: T): Omit<T, 'checksum'> {
  const { checksum: _, ...rest } = card as T & { checksum?: string };
  return rest;
}

/** Adds a matching checksum, so that only the structure can be refused. */
function reseal(card: object): object {
  return sealCard(unsealed(card) as Omit<Card, 'checksum'>);
}

/** Returns the paths of all keys, except in records, where any key may be missing. */
function requiredPaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const here = [...path, key];
    const open = /^(data,missing|software|files|metrics,targets)$/.test(path.join());
    // Older versions have none.
    const own = open || Array.isArray(value) || key === 'target_transform' ? [] : [here];
    return [...own, ...requiredPaths(child, here)];
  });
}

function without(card: Card, path: readonly string[]): Record<string, unknown> {
  const copy = structuredClone(card) as unknown as Record<string, unknown>;
  const parent = path.slice(0, -1).reduce((value, key) => value[key] as Record<string, unknown>, copy);
  delete parent[path.at(-1)!];
  return copy;
}
