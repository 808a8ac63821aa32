import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { test } from 'node:test';
import { builtFile } from '../../src/base/node/built-file.js';

test('the built client needs nothing of Node.js, and loads what reads Arrow only when it is needed', () => {
  for (const [name, expected] of [
    ['client.js', ['./arrow-tables.js']],
    ['arrow-tables.js', []],
  ] as const) {
    const text = readFileSync(builtFile(name), 'utf8');
    const imported = Array.from(
      text.matchAll(/\b(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g),
      ([, module]) => module!,
    );
    assert.deepEqual(
      imported.filter((module) => builtinModules.includes(module.replace('node:', ''))),
      [],
      name,
    );
    assert.deepEqual(imported, expected, name);
  }
});
