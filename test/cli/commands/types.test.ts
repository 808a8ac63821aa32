import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { modelModule } from '../../../src/cli/commands/types/model-module.js';
import type { Column } from '../../../src/model/columns/column.js';
import { buildMixedApp } from '../../support/mixed-app.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const ROOT = join(import.meta.dirname, '../../../..');
const run = promisify(execFile);

/** Returns what the compiler says of a program beside `model.ts`. */
async function compile(directory: string, program: string): Promise<string> {
  writeFileSync(join(directory, 'program.ts'), program);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2023',
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: { 'reconstruction-regressor/client': [join(ROOT, 'src/client/client.ts')] },
  };
  writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  const compiler = join(ROOT, 'node_modules/.bin/tsc');
  return run(compiler, ['--project', directory, '--pretty', 'false']).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
}

async function serveMixed(t: TestContext): Promise<string> {
  const { app } = await buildMixedApp(t);
  return app.listen({ host: '127.0.0.1', port: 0 });
}

test('the module types the client: columns, gaps, levels and targets', async (t) => {
  const directory = temporaryDirectory(t);
  const url = await serveMixed(t);
  await run(process.execPath, [
    join(ROOT, 'dist/app/cli.js'),
    'types',
    '--url',
    url,
    '--out',
    join(directory, 'model.ts'),
  ]);
  const text = readFileSync(join(directory, 'model.ts'), 'utf8');
  assert.match(text, /^\/\/ The columns of version \d+ of http:\/\/127/);
  const program = (row: string) => `
import { createClient } from 'reconstruction-regressor/client';
import { model, type Row } from './model.js';
const client = createClient('${url}', { model });
const row: Row = ${row};
const { predictions } = await client.predict([row]);
export const [y]: [number] = predictions[0]!;
const table = await client.predictTable({ size: [1], color: ['red'], new: [true], sold: ['2024-01-01'], width: [null] });
export const all: Float32Array = table.predictions.y;
`;
  assert.equal(await compile(directory, program(`{ size: 1, color: 'unseen', new: true, sold: '2024-01-01' }`)), '');
  const wrong = await compile(directory, program(`{ size: null, color: 1, new: 'yes', sold: 0, width: '2' }`));
  const mistakes = Array.from(wrong.matchAll(/error TS2322: (.*)/g), ([, message]) => message);
  assert.deepEqual(mistakes, [
    "Type 'null' is not assignable to type 'number'.",
    `Type 'number' is not assignable to type '"blue" | "green" | "red" | (string & {})'.`,
    "Type 'string' is not assignable to type 'boolean'.",
    "Type 'number' is not assignable to type 'string'.",
    "Type 'string' is not assignable to type 'number'.",
  ]);
  assert.match(
    await compile(directory, program(`{ color: 'red', new: true, sold: '2024-01-01' }`)),
    /'size' is missing/,
  );
});

test('names and levels of any characters make a module that compiles', async (t) => {
  const directory = temporaryDirectory(t);
  const odd = ['a b', '1', 'größe', 'x"y', "o'clock", 'back\\slash', 'line\nbreak', '*/', '__proto__'];
  const columns = odd.map(
    (name): Column => ({ name, type: 'category', missing: 0, levels: odd, counts: odd.map(() => 1) }),
  );
  const many = Array.from({ length: 60 }, (_, i) => `*/ level ${i}`);
  const last: Column = { name: 'many', type: 'category', missing: 0.5, levels: many, counts: many.map(() => 1) };
  const features = [...odd, 'many'];
  const text = modelModule({ label: 'x */\n y', features, targets: ['*/'], columns: [...columns, last] });
  writeFileSync(join(directory, 'model.ts'), text);
  const program = `
import { model, type Row } from './model.js';
export const names: readonly (keyof Row)[] = ${JSON.stringify(features)};
export const target: '*/' = model.targets[0];
`;
  assert.equal(await compile(directory, program), '');
});
