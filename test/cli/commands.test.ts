import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { CARS, carFile, carRows, runCommand, startCommand, storeDirectory } from '../support/command-line.js';
import { assertWellFormed } from '../support/markup.js';
import { openOnnx } from '../support/onnx-session.js';
import { startServer } from '../support/server-process.js';
import { STORED_PREDICTIONS, STORED_ROWS } from '../support/stored-version.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { until } from '../support/until.js';

const QUICK = ['--target', 'mpg', '--epochs', '3'];

/** Runs a command that succeeds, and returns what it prints as JSON. */
async function json<T = Record<string, unknown>>(t: TestContext, cwd: string, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await runCommand(t, [...args, '--json'], { cwd });
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

test('versions are trained by the gate, listed, activated and rolled back in a store', async (t) => {
  const cwd = temporaryDirectory(t);
  const first = await json(t, cwd, 'train', CARS, ...QUICK, '--epochs', '30');
  assert.deepEqual([first['model_version'], first['serves'], first['rows']], ['1', true, 398]);
  const never = await json(t, cwd, 'train', CARS, ...QUICK, '--promote', 'never', '--seed', '7');
  assert.deepEqual([never['model_version'], never['serves']], ['2', false]);
  // One epoch is worse than thirty.
  const refused = await runCommand(t, ['train', CARS, '--target', 'mpg', '--epochs', '1', '--learning-rate', '1e-6'], {
    cwd,
  });
  assert.equal(refused.code, 1, refused.stdout);
  assert.match(refused.stdout, /^version 3, .*\n[\s\S]*refused by the gate, it does not serve: RMSE/);

  const listed = await json<{ model_version: string; aliases: string[] }[]>(t, cwd, 'versions');
  assert.deepEqual(
    listed.map(({ model_version, aliases }) => [model_version, ...aliases]),
    [['3', 'candidate'], ['2'], ['1', 'production']],
  );
  const table = await runCommand(t, ['versions'], { cwd });
  assert.match(table.stdout, /^version +alias +created[\s\S]*\n +1 +production /);

  assert.deepEqual(await json(t, cwd, 'activate', '2'), { model_version: '2', former_version: '1' });
  assert.deepEqual(await json(t, cwd, 'rollback'), { model_version: '1', former_version: '2' });
  const unknown = await runCommand(t, ['activate', '9'], { cwd });
  assert.deepEqual([unknown.code, unknown.stderr], [1, 'error: version 9 is not in the store\n']);
});

test('a training reads all that its service reads, and is refused for the same reasons', async (t) => {
  const cwd = storeDirectory(t);
  const cases: [string[], number, RegExp][] = [
    [['--target', 'price'], 1, /target "price" is not a column; the columns are "cylinders"/],
    [['--target', 'mpg', '--drop', 'weight'], 1, /the serving model predicts .*; --replace accepts them/],
    [['--target', 'mpg', '--epochs', '0'], 2, /Expected a whole number from 1 to 100000/],
    [['--target', 'mpg', '--validation-split', '2'], 2, /--validation-split: /],
    [['--target', 'mpg', '--out', 'models'], 2, /the directory is not empty; name a new one/],
    [['--target', 'mpg', '--out', 'm', '--store', 's'], 2, /--out writes a directory of its own/],
    [[], 2, /required option '--target <column>' not specified/],
  ];
  for (const [args, expected, pattern] of cases) {
    const { code, stderr } = await runCommand(t, ['train', CARS, ...args], { cwd });
    assert.equal(code, expected, stderr);
    assert.match(stderr, pattern);
  }
  assert.deepEqual(
    readdirSync(join(cwd, 'models', 'reconstruction_regressor')).filter((name) => /^\d|staging/.test(name)),
    ['1'],
  );
  const piped = await runCommand(t, ['train', '-', ...QUICK, '--json'], { cwd, input: readFileSync(CARS) });
  assert.equal(piped.code, 0, piped.stderr);
  assert.equal((JSON.parse(piped.stdout) as { rows: number }).rows, 398);
});

test('a directory and an archive of a version predict, evaluate and compare as their store does', async (t) => {
  const cwd = temporaryDirectory(t);
  await json(t, cwd, 'train', CARS, ...QUICK, '--out', 'model');
  assert.deepEqual(readdirSync(join(cwd, 'model')).sort(), [
    'baseline.json',
    'card.json',
    'evaluation.json',
    'intervals.json',
    'model.json',
    'probe.json',
    'weights.bin',
  ]);
  assert.deepEqual(readdirSync(cwd), ['model'], 'nothing else is left');
  const archive = await json(t, cwd, 'export', '--archive', '--model', 'model', '--out', 'model.tar.gz');
  assert.equal(archive['format'], 'archive');
  const reports = [];
  for (const model of ['model', 'model.tar.gz']) {
    const { metrics, trained } = await json(t, cwd, 'evaluate', CARS, '--model', model);
    const { columns, verdict } = await json(t, cwd, 'drift', CARS, '--model', model);
    const predicted = await runCommand(t, ['predict', CARS, '--model', model], { cwd });
    reports.push({ metrics, trained, columns, verdict, predicted: predicted.stdout });
  }
  assert.deepEqual(reports[0], reports[1]);
});

test('an evaluation measures what a training measures on its held-out rows', async (t) => {
  const cwd = temporaryDirectory(t);
  const { metrics: trained } = await json<{ metrics: { rows: number } }>(
    t,
    cwd,
    'train',
    CARS,
    ...QUICK,
    '--validation-split',
    '0.999',
  );
  const { metrics, without_target } = await json<{ metrics: typeof trained; without_target: number }>(
    t,
    cwd,
    'evaluate',
    CARS,
  );
  assert.equal(without_target, 8);
  // All rows but those that it was trained on are the same.
  assert.ok(metrics.rows - trained.rows <= 2, `${metrics.rows}, ${trained.rows}`);
  const flat = (value: object): [string, number][] =>
    Object.entries(value).flatMap(([name, each]) =>
      typeof each === 'object' ? flat(each) : [[name, each as number] as [string, number]],
    );
  const expected = new Map(flat(trained));
  for (const [name, value] of flat(metrics)) {
    const close = Math.abs(value - expected.get(name)!) <= 0.05 * Math.max(0.2, Math.abs(value));
    assert.ok(close, `${name}: ${value}, ${expected.get(name)}`);
  }
});

test('drift is exit code 3, with the column, its change, and a page', async (t) => {
  const cwd = storeDirectory(t);
  carFile(cwd, 'same.csv', carRows(3000));
  carFile(
    cwd,
    'kilograms.csv',
    carRows(3000, (weight) => 0.4536 * weight),
  );
  carFile(cwd, 'few.csv', carRows(20));
  const same = await json<{ verdict: string }>(t, cwd, 'drift', 'same.csv');
  assert.equal(same.verdict, 'no_drift');
  const few = await runCommand(t, ['drift', 'few.csv'], { cwd });
  assert.deepEqual([few.code, few.stdout.split(':')[0]], [0, 'too few rows to say']);
  const found = await runCommand(t, ['drift', 'kilograms.csv', '--report', 'drift.html'], { cwd });
  assert.equal(found.code, 3, found.stderr);
  assert.match(found.stdout, /^DRIFT: 3000 rows against 78 held-out rows of version 1 of /);
  assert.match(found.stdout, /\nweight +yes +.*below the reference range/);
  const page = readFileSync(join(cwd, 'drift.html'), 'utf8');
  assert.match(
    page,
    /^<!doctype html>[\s\S]*<p class="verdict drift">DRIFT<\/p>[\s\S]*<tr class="detected"><td>weight<td><svg/,
  );
  assert.doesNotMatch(page, /<script|https?:/, 'the page needs nothing else');
  writeFileSync(join(cwd, 'none.csv'), 'cylinders,displacement,horsepower,weight,acceleration,model_year,origin\n');
  const none = await runCommand(t, ['drift', 'none.csv'], { cwd });
  assert.deepEqual([none.code, none.stderr], [1, 'error: the file has no rows\n']);
});

test('a profile reports types and problems without a training', async (t) => {
  const cwd = temporaryDirectory(t);
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i},${['red', 'blue'][i % 2]},2024-01-${String(1 + (i % 28)).padStart(2, '0')},${i % 7}`,
  );
  writeFileSync(join(cwd, 'mixed.csv'), ['id,colour,day,y', ...rows].join('\n'));
  const { columns } = await json<{ columns: { name: string; type: string; role: string }[] }>(
    t,
    cwd,
    'profile',
    'mixed.csv',
    '--target',
    'y',
  );
  const typeOf = (name: string) => columns.find((column) => column.name === name)?.type;
  assert.deepEqual([typeOf('colour'), typeOf('day'), typeOf('y')], ['category', 'timestamp', 'number']);
  const table = await runCommand(t, ['profile', 'mixed.csv', '--target', 'colour'], { cwd });
  assert.equal(table.code, 1, table.stdout + table.stderr);
  assert.match(table.stdout + table.stderr, /colour/);
  assert.deepEqual(readdirSync(cwd), ['mixed.csv']);
});

test('an exported ONNX model is one', async (t) => {
  const cwd = storeDirectory(t);
  const { bytes } = await json(t, cwd, 'export', '--onnx', '--out', 'cars.onnx');
  const model = readFileSync(join(cwd, 'cars.onnx'));
  assert.equal(model.length, bytes);
  const { run } = await openOnnx(model);
  const { prediction } = await run(Float32Array.from(STORED_ROWS.flat()), STORED_ROWS.length, 7);
  for (const [i, mpg] of STORED_PREDICTIONS.entries()) assert.ok(Math.abs(prediction!.data[i]! - mpg) < 1e-4);
  const neither = await runCommand(t, ['export'], { cwd });
  assert.equal(neither.code, 2);
});

test('a running service is listed, trained, activated, rolled back, measured, and its model predicts here', async (t) => {
  const cwd = storeDirectory(t);
  const server = await startServer(t, { MODEL_STORE: join(cwd, 'models') });
  await server.logged('model version serves');
  const { url } = server;
  const trained = await json(t, cwd, 'train', CARS, ...QUICK, '--promote', 'always', '--url', url);
  assert.deepEqual([trained['model_version'], trained['serves']], ['2', true]);
  const listed = await json<{ model_version: string }[]>(t, cwd, 'versions', '--url', url);
  assert.deepEqual(
    listed.map(({ model_version }) => model_version),
    ['2', '1'],
  );
  assert.deepEqual(await json(t, cwd, 'rollback', '--url', url), { model_version: '1', former_version: '2' });
  assert.deepEqual(await json(t, cwd, 'activate', '2', '--url', url), { model_version: '2', former_version: '1' });
  const outputs = [];
  for (const from of [
    ['--url', url],
    ['--version', '2'],
  ]) {
    const { code, stdout, stderr } = await runCommand(t, ['predict', CARS, ...from], { cwd });
    assert.equal(code, 0, stderr);
    outputs.push(stdout);
  }
  assert.equal(outputs[0], outputs[1]);
  const measured = await json<{ requests: number; failures: object }>(
    t,
    cwd,
    'bench',
    url,
    '--seconds',
    '1',
    '--rows',
    '3',
  );
  assert.ok(measured.requests > 0);
  assert.deepEqual(measured.failures, {});
  // The service follows its store.
  await json(t, cwd, 'activate', '1');
  const serving = async () => (await (await fetch(`${url}/models`)).json()) as { serving: string };
  await until('the service follows', 60, async () => (await serving()).serving === '1');
  const refused = await runCommand(t, ['versions', '--url', `${url}/nowhere`], { cwd });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /there is no GET \/nowhere\/models/);
});

test('a service that requires a key gets it from --key or API_KEY', async (t) => {
  const cwd = storeDirectory(t);
  const { key } = await json<{ key: string }>(
    t,
    cwd,
    'keys',
    'create',
    '--name',
    'ci',
    '--scopes',
    'read',
    '--file',
    'keys',
  );
  assert.deepEqual(
    (await json<{ name: string; scopes: string[] }[]>(t, cwd, 'keys', 'list', '--file', 'keys')).map(
      ({ name, scopes }) => [name, ...scopes],
    ),
    [['ci', 'read']],
  );
  const server = await startServer(t, { MODEL_STORE: join(cwd, 'models'), API_KEYS: join(cwd, 'keys') });
  const { url } = server;
  const without = await runCommand(t, ['versions', '--url', url], { cwd });
  assert.equal(without.code, 1);
  assert.match(without.stderr, /--key or API_KEY takes an API key/);
  await json(t, cwd, 'versions', '--url', url, '--key', key);
  const env = { API_KEY: key };
  const file = carFile(cwd, 'cars.csv', carRows(10));
  assert.equal((await runCommand(t, ['predict', file, '--version', '1', '--url', url], { cwd, env })).code, 0);
  const forbidden = await runCommand(t, ['rollback', '--url', url], { cwd, env });
  assert.equal(forbidden.code, 1);
  assert.match(forbidden.stderr, /activate/);
});

test('no key is repeated in an error, or among the arguments that other users see', async (t) => {
  const secret = 'rr_0123456789ab_planted';
  for (const [args, expected] of [
    [['versions', '--url', `http://user:${secret}@127.0.0.1:8080`], /without credentials/],
    [['predict', CARS, '--url', `user:${secret}@127.0.0.1:8080`], /without credentials/],
    [['versions', '--url', `http://127.0.0.1:8080/?key=${secret}`], /without credentials and query/],
    [['bench', `ftp://user:${secret}@127.0.0.1`], /without credentials/],
    [['versions', '--url', 'http://127.0.0.1:8080', '--key', `${secret}\nx`], /in one line/],
    [['activate', '1', '--url', 'http://127.0.0.1:8080', '--key', `${secret}…`], /in one line/],
  ] as const) {
    const { code, stdout, stderr } = await runCommand(t, args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
    assert.ok(!(stdout + stderr).includes(secret), stderr);
  }
  if (process.platform !== 'linux') return;
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connected = once(server, 'connection');
  const command = startCommand(t, ['versions', '--url', `http://127.0.0.1:${port}`, `--key=${secret}`]);
  await connected;
  const seen = readFileSync(`/proc/${command.child.pid}/cmdline`, 'utf8');
  assert.match(seen, /^reconstruction-regressor/);
  assert.ok(!seen.includes(secret), seen);
});

test('changes of a store are recorded in the audit log, which the command line verifies', async (t) => {
  const cwd = storeDirectory(t);
  const env = { AUDIT_LOG: join(cwd, 'audit.log') };
  assert.equal((await runCommand(t, ['activate', '1'], { cwd, env })).code, 0);
  assert.equal((await runCommand(t, ['train', CARS, ...QUICK], { cwd, env })).code, 0);
  const lines = readFileSync(env.AUDIT_LOG, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ action, outcome, target }) => [action, outcome, target].join(' ')),
    ['activate begun 1', 'activate done 1', 'train begun ', 'train done 2'],
  );
  const { findings, entries } = await json(t, cwd, 'audit', 'verify', 'audit.log');
  assert.deepEqual([findings, entries], [[], 4]);
  writeFileSync(env.AUDIT_LOG, readFileSync(env.AUDIT_LOG, 'utf8').replace('"activate"', '"rollback"'));
  assert.equal((await runCommand(t, ['audit', 'verify', 'audit.log'], { cwd })).code, 1);
});

test('the doctor finds what is wrong', async (t) => {
  const cwd = storeDirectory(t);
  const states = async (...args: string[]) => {
    const { code, stdout } = await runCommand(t, ['doctor', '--json', ...args], { cwd });
    const findings = JSON.parse(stdout) as { check: string; state: string; message: string }[];
    return { code, ...Object.fromEntries(findings.map(({ check, state }) => [check, state])) };
  };
  const healthy = {
    code: 0,
    'Node.js': 'ok',
    settings: 'ok',
    engine: 'ok',
    port: 'ok',
    store: 'ok',
    model: 'ok',
    disk: 'ok',
  };
  assert.deepEqual(await states('--port', '0'), { ...healthy, memory: 'ok', clock: 'ok' });
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await until('the port is taken', 10, async () => taken.address() !== null);
  const { port } = taken.address() as { port: number };
  assert.deepEqual(await states('--port', String(port)), { ...healthy, port: 'remark', memory: 'ok', clock: 'ok' });
  const weights = join(cwd, 'models', 'reconstruction_regressor', '1', 'weights.bin');
  const content = readFileSync(weights);
  content[100]! ^= 1;
  writeFileSync(weights, content);
  assert.deepEqual(await states('--port', '0'), { ...healthy, code: 1, model: 'wrong', memory: 'ok', clock: 'ok' });
  const broken = await runCommand(t, ['doctor'], { cwd, env: { PORT: 'http' } });
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /settings +wrong +PORT must be integer/);
  assert.ok(!existsSync(join(cwd, 'elsewhere')));
  await states('--store', 'elsewhere', '--port', '0');
  assert.ok(!existsSync(join(cwd, 'elsewhere')), 'it makes no store');
});

test('serve runs the service with its options, and Ctrl-C stops it in its own way', async (t) => {
  const cwd = temporaryDirectory(t);
  mkdirSync(join(cwd, 'data'));
  const command = startCommand(t, ['serve', '--port', '0', '--data', CARS, '--target', 'mpg', '--store', 'here'], {
    cwd,
  });
  await until('it serves', 90, async () => command.stdout().includes('model version serves'));
  assert.deepEqual(readdirSync(cwd).sort(), ['data', 'here']);
  command.child.kill('SIGINT');
  assert.equal(await command.ended, 0, command.stderr());
  assert.match(command.stdout(), /shutting down/);
  const wrong = await runCommand(t, ['serve', '--data', 'none.csv'], { cwd });
  assert.deepEqual([wrong.code, wrong.stderr], [2, 'error: --data: there is no file none.csv\n']);
});

test('completions complete commands, options and their values', async (t) => {
  const cwd = temporaryDirectory(t);
  const scripts = new Map<string, string>();
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await runCommand(t, ['completions', shell], { cwd });
    assert.equal(code, 0);
    writeFileSync(join(cwd, shell), stdout);
    scripts.set(shell, stdout);
    if (shell !== 'bash' && spawnSync(shell, ['-c', 'exit']).status === 0)
      assert.equal(spawnSync(shell, ['-n', join(cwd, shell)]).status, 0);
  }
  for (const script of scripts.values())
    for (const word of ['predict', 'self-check', 'rejects']) assert.ok(script.includes(word));
  const complete = async (...words: string[]) => {
    const array = words.map((word) => `'${word}'`).join(' ');
    const line = `source ./bash; COMP_WORDS=(reconstruction-regressor ${array}); COMP_CWORD=${words.length}; _reconstruction_regressor; echo "\${COMPREPLY[*]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', line], { cwd });
    return stdout.trim();
  };
  assert.equal(await complete('tr'), 'train');
  assert.equal(await complete('train', '--promote', ''), 'gate always never');
  assert.equal(await complete('train', '--ta'), '--target --target-transform');
  assert.equal(await complete('keys', 'cr'), 'create');
  assert.equal(await complete('predict', 'zs'), 'zsh');
});

test('unknown commands and options are usage errors with a hint', async (t) => {
  const cases: [string[], RegExp][] = [
    [['predikt'], /unknown command 'predikt'\n\(Did you mean predict\?\)/],
    [['predict', 'x.csv', '--regects', 'y'], /unknown option '--regects'\n\(Did you mean --rejects\?\)/],
    [['completions', 'tcsh'], /Allowed choices are bash, zsh, fish/],
    [[], /Usage: reconstruction-regressor/],
  ];
  for (const [args, pattern] of cases) {
    const { code, stderr } = await runCommand(t, args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, pattern);
  }
  for (const args of [['--help'], ['help', 'train'], ['train', '--help']]) {
    const { code, stdout } = await runCommand(t, args);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: reconstruction-regressor/);
  }
  assert.match((await runCommand(t, ['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('report writes a model card of a version in a store, a directory, an archive and a service', async (t) => {
  const cwd = temporaryDirectory(t);
  await json(t, cwd, 'train', CARS, ...QUICK, '--out', 'model');
  await json(t, cwd, 'export', '--archive', '--model', 'model', '--out', 'model.tar.gz');
  const report = async (...args: string[]) => {
    const { code, stderr, stdout } = await runCommand(t, ['report', ...args], { cwd });
    assert.equal(code, 0, stderr);
    assertWellFormed(stdout);
    return stdout.replace(/Made [^<]*from/, 'from');
  };
  const fromDirectory = await report('--model', 'model', '--name', 'cars');
  assert.match(fromDirectory, /<h1>.*cars.*<\/h1>/);
  assert.match(fromDirectory, /Predicted against true/);
  assert.equal(await report('--model', 'model.tar.gz', '--name', 'cars'), fromDirectory);

  await json(t, cwd, 'train', CARS, ...QUICK, '--store', 'store', '--name', 'cars');
  const fromStore = await report('--store', 'store', '--name', 'cars');
  assert.match(fromStore, /version 1/);
  assert.equal(await report('1', '--store', 'store', '--name', 'cars'), fromStore);
  const written = await runCommand(t, ['report', '1', '--store', 'store', '--name', 'cars', '-o', 'report.html'], {
    cwd,
  });
  assert.equal(written.code, 0, written.stderr);
  assert.equal(readFileSync(join(cwd, 'report.html'), 'utf8').replace(/Made [^<]*from/, 'from'), fromStore);

  const server = await startServer(t, { MODEL_STORE: join(cwd, 'store'), MODEL_NAME: 'cars', TRAIN_DATA: '' });
  await server.logged('model version serves');
  const body = JSON.stringify({ notes: { owners: 'Anna' } });
  const headers = { 'content-type': 'application/json' };
  assert.equal((await fetch(`${server.url}/models/1`, { method: 'PATCH', body, headers })).status, 200);
  const described = await report('--url', server.url);
  assert.match(described, /Anna/);
  assert.equal(await report('1', '--url', server.url), described);
  assert.equal(await report('1', '--store', 'store', '--name', 'cars'), described);
  const taken = await json(t, cwd, 'export', '--archive', '--url', server.url, '--out', 'described.tar.gz');
  assert.equal(taken['format'], 'archive');
  assert.match(await report('--model', 'described.tar.gz'), /Anna/);

  for (const args of [
    ['1', '--version', '1'],
    ['1', '--model', 'model'],
    ['x', '--store', 'store'],
  ]) {
    assert.equal((await runCommand(t, ['report', ...args], { cwd })).code, 2, args.join(' '));
  }
  const missing = await runCommand(t, ['report', '9', '--store', 'store', '--name', 'cars', '-o', 'none.html'], {
    cwd,
  });
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /version 9 is not in the store/);
  assert.ok(!readdirSync(cwd).includes('none.html'));
});
