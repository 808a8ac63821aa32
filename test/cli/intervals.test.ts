import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { CARS, runCommand, storeDirectory } from '../support/command-line.js';
import { startServer } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const NAMES = ['mpg', 'mpg_low', 'mpg_high', 'reconstruction_error'];

async function run(t: TestContext, cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(t, args, { cwd });
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

const linesOf = (csv: string) => csv.trimEnd().split('\n');

test('predict --interval adds the same bounds in every format and from a service, and changes nothing else', async (t) => {
  const cwd = temporaryDirectory(t);
  await run(t, cwd, 'train', CARS, '--target', 'mpg', '--epochs', '20');
  const plain = linesOf(await run(t, cwd, 'predict', CARS));
  const csv = linesOf(await run(t, cwd, 'predict', CARS, '--interval', '0.9'));
  assert.equal(csv[0], NAMES.join(','));
  assert.equal(csv.length, 407);
  const rows = csv.slice(1).map((line) => line.split(','));
  assert.deepEqual(
    rows.map(([mpg, , , error]) => `${mpg},${error}`),
    plain.slice(1),
  );
  for (const [mpg, low, high] of rows.map((cells) => cells.map(Number)))
    assert.ok(low! < mpg! && mpg! < high!, `${low} ${mpg} ${high}`);

  const expected = rows.map((cells) => cells.map((cell) => Math.fround(Number(cell))));
  await run(t, cwd, 'predict', CARS, '--interval', '0.9', '--out', 'out.parquet');
  await run(t, cwd, 'predict', CARS, '--interval', '0.9', '--out', 'out.arrow');
  const parquet = await parquetReadObjects({ file: new Uint8Array(readFileSync(join(cwd, 'out.parquet'))).buffer });
  assert.deepEqual(
    parquet.map((row) => NAMES.map((name) => row[name])),
    expected,
  );
  const arrow = tableFromIPC(readFileSync(join(cwd, 'out.arrow')));
  assert.deepEqual(
    arrow.schema.fields.map(({ name }) => name),
    NAMES,
  );
  assert.equal(arrow.schema.metadata.get('interval'), '0.9');
  assert.deepEqual(
    arrow.toArray().map((row) => NAMES.map((name) => row[name])),
    expected,
  );

  const server = await startServer(t, { MODEL_STORE: join(cwd, 'models') });
  await server.logged('model version serves');
  assert.deepEqual(linesOf(await run(t, cwd, 'predict', CARS, '--interval', '0.9', '--url', server.url)), csv);
  const body = readFileSync(CARS);
  const headers = { 'content-type': 'text/csv' };
  const reply = await fetch(`${server.url}/predict?interval=0.9`, { method: 'POST', headers, body });
  assert.deepEqual((await reply.text()).trimEnd().split('\r\n'), csv);
});

test('rejected rows are left out with their bounds', async (t) => {
  const cwd = temporaryDirectory(t);
  await run(t, cwd, 'train', CARS, '--target', 'mpg', '--epochs', '3');
  const [head, ...lines] = linesOf(readFileSync(CARS, 'utf8'));
  // The second row is read, but float32 cannot hold its prediction.
  const far = lines[1]!.split(',').with(3, '3e38').join(',');
  writeFileSync(join(cwd, 'rows.csv'), `${[head, lines[0], far, lines[2]].join('\n')}\n`);
  const two = linesOf(await run(t, cwd, 'predict', 'rows.csv', '--interval', '0.8', '--rejects', 'bad.csv'));
  writeFileSync(join(cwd, 'good.csv'), `${[head, lines[0], lines[2]].join('\n')}\n`);
  const good = linesOf(await run(t, cwd, 'predict', 'good.csv', '--interval', '0.8'));
  assert.deepEqual(
    two.map((line) => line.split(',').slice(1).join(',')),
    good,
  );
  assert.equal(two.length, 3);
});

test('a level that cannot be had is refused, with what can be done', async (t) => {
  const cwd = storeDirectory(t);
  for (const [level, code, pattern] of [
    [
      '0.9',
      1,
      /version 1 of .* has no prediction intervals: an earlier release trained it; train again, or leave --interval out/,
    ],
    ['1', 2, /Expected a level from 0\.5 to 0\.99/],
    ['', 2, /Expected a level from 0\.5 to 0\.99/],
    ['90', 2, /Expected a level from 0\.5 to 0\.99/],
  ] as const) {
    const args = ['predict', CARS, '--interval', level, '--out', 'out.csv'];
    const refused = await runCommand(t, args, { cwd });
    assert.equal(refused.code, code, refused.stderr);
    assert.match(refused.stderr, pattern);
  }
});

test('an evaluation reports the coverage of the intervals of 0.9, if there are any', async (t) => {
  const cwd = storeDirectory(t);
  const none = JSON.parse(await run(t, cwd, 'evaluate', CARS, '--json', '--on-missing', 'mean')) as {
    intervals: unknown;
  };
  assert.equal(none.intervals, null);
  await run(t, cwd, 'train', CARS, '--target', 'mpg', '--epochs', '20', '--promote', 'always');
  const { intervals, metrics } = JSON.parse(await run(t, cwd, 'evaluate', CARS, '--json')) as {
    intervals: { level: number; targets: { mpg: { coverage: number; mean_width: number } } };
    metrics: { rows: number };
  };
  assert.equal(intervals.level, 0.9);
  const predicted = linesOf(await run(t, cwd, 'predict', CARS, '--interval', '0.9')).slice(1);
  const truth = linesOf(readFileSync(CARS, 'utf8'))
    .slice(1)
    .map((line) => line.split(',')[7]!.trim());
  const labelled = predicted
    .map((line, i) => ({
      cells: line.split(',').map((cell) => Math.fround(Number(cell))),
      y: truth[i] === '' ? Number.NaN : Number(truth[i]),
    }))
    .filter(({ y }) => !Number.isNaN(y));
  assert.equal(labelled.length, metrics.rows);
  const inside = labelled.filter(({ cells: [, low, high], y }) => low! <= Math.fround(y) && Math.fround(y) <= high!);
  assert.equal(intervals.targets.mpg.coverage, inside.length / labelled.length);
  const widths = labelled.reduce((sum, { cells: [, low, high] }) => sum + high! - low!, 0) / labelled.length;
  assert.ok(Math.abs(intervals.targets.mpg.mean_width / widths - 1) < 1e-4);
  assert.match(await run(t, cwd, 'evaluate', CARS), /covered by intervals of 90 % +their mean width\n/);
});
