import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const PAGE = read('docs/security.md');
const ROWS = (PAGE.split('| published as ')[1] ?? '')
  .split('\n\n')[0]!
  .split('\n')
  .slice(2)
  .map((line) => line.slice(2, -2).split(' | '));

test('ten known vulnerabilities of five servers have a test that exists', () => {
  const servers = new Set(ROWS.map(([what]) => what!.replace(/.*, /, '')));
  assert.ok(ROWS.length >= 10, `${ROWS.length} rows`);
  assert.deepEqual([...servers].sort(), ['BentoML', 'MLflow', 'Ray', 'TorchServe', 'Triton']);
  for (const cells of ROWS) {
    assert.equal(cells.length, 4, cells[0]);
    assert.match(cells[0]!, /^\[(CVE-\d{4}-\d+)\]\(https:\/\/nvd\.nist\.gov\/vuln\/detail\/\1\), \w+$/);
    for (const entry of cells[3]!.split('<br>')) {
      const [, file, name] = /^\[[\w.-]+\]\((\S+)\): (.+)$/.exec(entry) ?? [];
      assert.ok(file, entry);
      const names = Array.from(read(join('docs', file)).matchAll(/\btest\(\s*(['"`])(.*?)\1,/g), ([, , each]) => each!);
      assert.ok(
        names.some((each) => each.includes(name!)),
        `${file} has no test "${name}"`,
      );
    }
  }
});

test('every link of the page to a file leads to one', () => {
  for (const [, link] of PAGE.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
    assert.ok(existsSync(join(ROOT, dirname('docs/security.md'), link!)), link);
  }
});
