import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, read } from './markdown.js';

test('every room and file that the map and the decisions name exists', () => {
  const files = ['src', 'test', 'scripts', 'bench'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join('/', folder, path)),
  );
  for (const page of ['architecture.md', 'decisions.md']) {
    const text = read(`docs/${page}`);
    const named = text.match(/(?<=`)[\w./-]+\.(ts|tsx|mjs)(?=`)/g) ?? [];
    assert.ok(named.length > 20);
    const missing = named.filter((name) => !files.some((file) => file.endsWith(`/${name}`)));
    assert.deepEqual(missing, [], page);
  }
  const map = read('docs/architecture.md');
  const rooms = map.slice(map.indexOf('## Rooms'), map.indexOf('## A row')).match(/(?<=^\| `)[\w/-]+(?=` \|)/gm) ?? [];
  assert.ok(rooms.length > 20);
  assert.deepEqual(
    rooms.filter((room) => !existsSync(join(ROOT, 'src', room))),
    [],
  );
});
