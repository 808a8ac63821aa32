import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exportedMetrics } from './deploy/exported-metrics.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const PAGE = read('docs/operations.md');
/** The rows of the tables of faults. The page may have other tables. */
const ROWS = Array.from(PAGE.matchAll(/^\| fault .*\n\|---.*\n((?:\|.*\n)+)/gm)).flatMap(([, rows]) =>
  rows!
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(2, -2).split(' | ')),
);

test('every fault has what happens, how it shows, and tests that exist', () => {
  assert.ok(ROWS.length > 30, `${ROWS.length} faults`);
  for (const cells of ROWS) {
    assert.equal(cells.length, 4, cells[0]);
    assert.ok(
      cells.every((cell) => cell.trim() !== ''),
      cells[0],
    );
    for (const entry of cells[3]!.split('<br>')) {
      const [, file, name] = /^\[[\w.-]+\]\((\S+)\): (.+)$/.exec(entry) ?? [];
      assert.ok(file, `${cells[0]}: ${entry}`);
      const path = join('docs', file);
      assert.ok(existsSync(join(ROOT, path)), path);
      const names = Array.from(read(path).matchAll(/\btest\(\s*(['"`])(.*?)\1,/g), ([, , each]) => each!);
      assert.ok(
        names.some((each) => each.includes(name!)),
        `${path} has no test "${name}"`,
      );
    }
  }
});

test('the metrics, alerts and log lines by which faults show exist', async (t) => {
  const { text } = await exportedMetrics(t);
  const alerts = read('deploy/prometheus/alerts.yml');
  const source = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(join('src', name)))
    .join('\n');
  for (const [fault, , seen] of ROWS) {
    for (const [, code] of seen!.matchAll(/`([^`]+)`/g)) {
      if (/^\w+_\w+$/.test(code!)) assert.match(text, new RegExp(`^# TYPE ${code} `, 'm'), fault);
      else if (/^[a-z].* /.test(code!)) assert.ok(source.includes(code!), `${fault}: the log has no "${code}"`);
    }
    for (const [, alert] of seen!.matchAll(/alert (\w+)/g)) assert.ok(alerts.includes(`- alert: ${alert}\n`), fault);
  }
});

test('every link of the page leads to a file', () => {
  for (const [, link] of PAGE.matchAll(/\]\(([^)#]+)\)/g)) {
    assert.ok(existsSync(join(ROOT, dirname('docs/operations.md'), link!)), link);
  }
});
