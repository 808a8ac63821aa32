import assert from 'node:assert/strict';
import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/free-port.js';
import { startServer } from '../../support/server-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { until } from '../../support/until.js';

const MAIN = fileURLToPath(new URL('../../../app/main.js', import.meta.url));
const CARS = fileURLToPath(new URL('../../../../data/auto-mpg.csv', import.meta.url));
const CAR = [8, 307, 130, 3504, 12, 70, 1];
/** More lines, of about 450 characters, than may wait. */
const FLOOD = 5000;

/** Starts `command`, or the server itself, with this destination of the log; the server logs every request. */
async function start(t: TestContext, stdio: StdioOptions, command: readonly string[] = [process.execPath, MAIN]) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(port),
      MODEL_STORE: temporaryDirectory(t),
      TRAIN_DATA: CARS,
      LOG_LEVEL: 'debug',
    },
    stdio,
  });
  t.after(() => child.kill('SIGKILL'));
  return { child, port, url };
}

/** A service that its log has stopped does not answer. */
const get = (url: string) => fetch(url, { signal: AbortSignal.timeout(3000) });

const isReady = (url: string) => until('the service is ready', 20, async () => (await get(`${url}/readyz`)).ok);

/** Sends many requests over one connection, with long URLs, and reads all replies. */
async function flood(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  for (let i = 0; i < FLOOD; i++) {
    const last = i === FLOOD - 1 ? 'connection: close\r\n' : '';
    socket.write(`GET /livez?${'x'.repeat(300)} HTTP/1.1\r\nhost: localhost\r\n${last}\r\n`);
  }
  socket.resume();
  await once(socket, 'close', { signal: AbortSignal.timeout(20_000) });
}

async function assertServes(url: string): Promise<void> {
  assert.equal((await get(`${url}/livez`)).status, 200);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ instances: [CAR] });
  const response = await fetch(`${url}/predict`, { method: 'POST', headers, body, signal: AbortSignal.timeout(5000) });
  assert.equal(response.status, 200, await response.text());
}

async function assertDrops(url: string): Promise<void> {
  await until('dropped lines are counted', 5, async () => {
    const scrape = await (await get(`${url}/metrics`)).text();
    return Number(/^log_lines_dropped_total (\d+)$/m.exec(scrape)?.[1]) > 0;
  });
}

async function assertEnds(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(8000) });
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
}

test('a full destination stops nothing', { skip: process.platform !== 'linux' }, async (t) => {
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  const { child, url } = await start(t, ['ignore', full, 'inherit']);
  await isReady(url);
  await assertServes(url);
  await assertDrops(url);
  await assertEnds(child);
});

test('a reader that leaves after the first line stops nothing', async (t) => {
  const { child, url } = await start(t, ['ignore', 'pipe', 'inherit']);
  await once(child.stdout!, 'data');
  child.stdout!.destroy();
  await isReady(url);
  await assertServes(url);
  await assertDrops(url);
  await assertEnds(child);
});

test('a reader that stops reading stops nothing', async (t) => {
  const { child, url, port } = await start(t, ['ignore', 'pipe', 'inherit']);
  await isReady(url);
  await flood(port);
  await assertServes(url);
  await assertDrops(url);
  await assertEnds(child);
});

const NO_TERMINAL = spawnSync('script', ['--version']).status === 0 ? false : 'SKIPPED: there is no util-linux script';

/** Starts the server in a pseudo-terminal, behind `prefix` in a shell command; killing the child closes the terminal. */
async function startInTerminal(t: TestContext, prefix: string) {
  const directory = temporaryDirectory(t);
  const pidFile = join(directory, 'pid');
  const codeFile = join(directory, 'code');
  const server = `"${process.execPath}" "${MAIN}"`;
  const line = `${prefix} ${server} <&1 & echo $! >${pidFile}; wait $!; echo $? >${codeFile}`;
  const script = ['script', '--quiet', '--command', line, '/dev/null'];
  const { child: terminal, url } = await start(t, ['ignore', 'pipe', 'inherit'], script);
  let output = '';
  terminal.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await isReady(url);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  t.after(() => spawnSync('kill', ['-9', String(pid)]));
  await until('the log is written for people', 5, async () => output.includes('Server listening at'));
  assert.doesNotMatch(output, /^{/m);
  return { terminal, url, pid, codeFile };
}

test('the server ends with its terminal', { skip: NO_TERMINAL }, async (t) => {
  const { terminal, pid } = await startInTerminal(t, '');
  terminal.kill('SIGKILL');
  await until('the server ends', 8, async () => !existsSync(`/proc/${pid}`));
});

test('a server that outlives its terminal serves on, and ends on SIGTERM', { skip: NO_TERMINAL }, async (t) => {
  // The shell ignores SIGHUP, to see the exit code; Node.js restores its default.
  const { terminal, url, pid, codeFile } = await startInTerminal(t, 'trap "" HUP; setsid');
  terminal.kill('SIGKILL');
  await once(terminal, 'exit');
  await assertServes(url);
  await assertDrops(url);
  process.kill(pid, 'SIGTERM');
  await until('the server ends', 8, async () => existsSync(codeFile) && readFileSync(codeFile, 'utf8') === '0\n');
});

test('SIGHUP, even sent twice, ends the service as SIGTERM does', async (t) => {
  const server = await startServer(t, { MODEL_STORE: temporaryDirectory(t), TRAIN_DATA: CARS });
  await server.logged('model version serves');
  server.child.kill('SIGHUP');
  await server.logged('shutting down');
  assert.deepEqual(await server.stop('SIGHUP'), { code: 0, signal: null });
});

test('a signal that reports a fault of the process ends it', async (t) => {
  const server = await startServer(t, { MODEL_STORE: temporaryDirectory(t), TRAIN_DATA: CARS });
  assert.deepEqual(await server.stop('SIGSEGV'), { code: null, signal: 'SIGSEGV' });
});
