import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigSchema, OWN_TABLE, readConfig } from '../../src/server/config.js';

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

test('.env.example lists every setting with its default', () => {
  const lines = readFileSync(root('.env.example'), 'utf8').match(/^[A-Z_]+=.*$/gm) ?? [];
  const example = Object.fromEntries(lines.map((line) => line.split('=')));
  const defaults = Object.entries(ConfigSchema.properties).map(([name, schema]) => [
    name,
    String((schema as { default?: unknown }).default),
  ]);
  assert.deepEqual(example, Object.fromEntries(defaults));
});

test('nothing set gives the defaults, and the result cannot be changed', () => {
  const config = readConfig({ PORT: '' });
  assert.equal(config.PORT, 8080);
  assert.equal(config.BODY_LIMIT, 16 * 2 ** 20);
  assert.ok(Object.isFrozen(config));
});

test('the table of cars is the default of who names no model', () => {
  assert.equal(readConfig({}).TRAIN_DATA, OWN_TABLE);
  assert.equal(readConfig({ MODEL_STORE: '', MODEL_NAME: '' }).TRAIN_DATA, OWN_TABLE);
  for (const env of [{ MODEL_STORE: 'models' }, { MODEL_NAME: 'rent' }, { TRAIN_DATA: '' }]) {
    assert.equal(readConfig(env).TRAIN_DATA, '', JSON.stringify(env));
    assert.equal(readConfig({ ...env, TRAIN_DATA: 'rent.csv' }).TRAIN_DATA, 'rent.csv');
  }
});

test('numbers are read from text', () => {
  assert.equal(readConfig({ PORT: '9000' }).PORT, 9000);
});

test('a bad value is an error that names the variable', () => {
  for (const [name, value] of Object.entries({ PORT: 'x', MAX_ROWS: '1.5', ENGINE: 'gpu', MODEL_NAME: 'a/b' })) {
    assert.throws(() => readConfig({ [name]: value }), new RegExp(name));
  }
});

test('a value outside a fixed set is an error that lists the set', () => {
  assert.throws(
    () => readConfig({ ON_MISSING: 'ignore' }),
    /^Error: ON_MISSING must be one of refuse, mean, got "ignore"$/,
  );
});
