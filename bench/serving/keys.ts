// Prints what an API key costs a prediction on the fast path: `node dist/bench/serving/keys.js`. Exits with 1 if a target is missed.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admission } from '../../src/server/access/admission.js';
import { KeyAuthenticator } from '../../src/server/access/keys/key-authenticator.js';
import { readKeyFile } from '../../src/server/access/keys/key-file.js';
import { KeyRing } from '../../src/server/access/keys/key-ring.js';
import { createKey, digestOf } from '../../src/server/access/keys/key-text.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { threadCpuUsage } from '../tools/thread-cpu.js';
import { LoadGenerator } from './load.js';
import type { LoadResult } from './load-process.js';
import { bodyOf } from './serving-rows.js';
import { type Side, startService } from './serving-sides.js';

const quick = process.argv.includes('--quick');
/** Pairs of processes: two of the same program differ by some percent, by what is compiled when. */
const PAIRS = quick ? 2 : 6;
/** Length of a turn in milliseconds, and number of turns per side and pair, after a longer warm-up turn. */
const TURN = 500;
const TURNS = quick ? 4 : 8;
const WARM_UP = 2000;
const CONNECTIONS = 16;
const ADMISSIONS = 1_000_000;
/** Minimum throughput with a key, relative to that without. */
const MIN_RATIO = quick ? 0.93 : 0.97;

interface Turn extends LoadResult {
  /** Processor time of the service's main thread per request, in microseconds. */
  readonly cpu: number;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const bodies = Array.from({ length: CONNECTIONS }, (_, i) => bodyOf(1, i));
const verdicts = new Verdicts();
const load = new LoadGenerator();
const directory = mkdtempSync(join(tmpdir(), 'rr-keys-'));
const key = writeKeys(join(directory, 'keys'));
try {
  console.log('# API keys\n');
  printMachine();
  console.log(
    `One row, ${CONNECTIONS} connections. ${PAIRS} pairs of processes, one that wants a key and one that does not; alternating ` +
      `turns of ${TURN} ms, ${TURNS} per side and pair. Medians, with minimum and maximum in brackets.\n`,
  );
  const without: Turn[] = [];
  const withKey: Turn[] = [];
  for (let pair = 0; pair < PAIRS; pair++) await comparePair(pair, without, withKey);
  const rates = (turns: readonly Turn[]) => median(turns.map(({ requestsPerSecond }) => requestsPerSecond)).toFixed(0);
  const least = (turns: readonly Turn[]) =>
    turns.reduce((min, { cpu }) => Math.min(min, cpu), Number.POSITIVE_INFINITY);
  const times = (turns: readonly Turn[]) =>
    `${median(turns.map(({ cpu }) => cpu)).toFixed(1)} (least ${least(turns).toFixed(1)})`;
  const throughput = without.map((turn, i) => withKey[i]!.requestsPerSecond / turn.requestsPerSecond);
  const processor = without.map((turn, i) => turn.cpu / withKey[i]!.cpu);
  console.log('| | requests/s | processor time per request, µs | ratio of requests/s | ratio by processor time |');
  console.log('|---|---:|---:|---:|---:|');
  console.log(`| without credentials | ${rates(without)} | ${times(without)} | 1 | 1 |`);
  console.log(
    `| with a key | ${rates(withKey)} | ${times(withKey)} | ${spread(throughput, 2)} | ${spread(processor, 2)} |\n`,
  );
  printAdmission();
  const ratio = median(processor);
  verdicts.judge(
    `a key: ${ratio.toFixed(3)} of the requests per processor time without, at least ${MIN_RATIO}`,
    ratio >= MIN_RATIO,
  );
  verdicts.print();
} finally {
  load.close();
  rmSync(directory, { recursive: true, force: true });
}

/** Measures both sides in turns, and adds the results. */
async function comparePair(pair: number, without: Turn[], withKey: Turn[]): Promise<void> {
  const open = await startService(join(directory, 'open'));
  const closed = await startService(join(directory, 'closed'), undefined, { API_KEYS: join(directory, 'keys') });
  const authorization = { ...JSON_TYPE, authorization: `Bearer ${key}` };
  const sides = [
    [open, JSON_TYPE, without],
    [closed, authorization, withKey],
  ] as const;
  try {
    for (const [side, headers] of sides) await turn(side, headers, WARM_UP);
    for (let i = pair; i < pair + TURNS; i++) {
      for (const [side, headers, turns] of i % 2 === 0 ? sides : sides.toReversed()) {
        turns.push(await turn(side, headers, TURN));
      }
    }
  } finally {
    for (const [{ process: child }] of sides) {
      child.kill();
      await once(child, 'close');
    }
  }
}

async function turn(side: Side, headers: Readonly<Record<string, string>>, milliseconds: number): Promise<Turn> {
  const before = cpuMicroseconds(side);
  const result = await load.run(side.port, bodies, milliseconds, { path: '/predict', headers });
  return { ...result, cpu: (cpuMicroseconds(side) - before) / result.requests };
}

/** Returns the processor time of a process' main thread so far. */
function cpuMicroseconds({ process: { pid } }: Side): number {
  return Number.parseInt(readFileSync(`/proc/${pid}/schedstat`, 'latin1'), 10) / 1000;
}

/** Prints the processor time of admission alone, which hardly depends on what else the machine does. */
function printAdmission(): void {
  const ring = new KeyRing();
  ring.set(readKeyFile(join(directory, 'keys')));
  const terms = { perimeter: [], limits: [], addressOf: () => '' };
  const sides = {
    'without credentials': { admission: new Admission({ ...terms, authenticators: [] }), headers: '' },
    'with a key': {
      admission: new Admission({ ...terms, authenticators: [new KeyAuthenticator(ring)] }),
      headers: `Bearer ${key}`,
    },
  };
  console.log(
    `Admission alone, in a loop of ${ADMISSIONS} requests whose header is a new string each time, as the parser makes it:\n`,
  );
  console.log('| | ns |\n|---|---:|');
  for (const [name, { admission, headers }] of Object.entries(sides)) {
    const bytes = Buffer.from(headers);
    const rawHeaders = [
      'Host',
      'x',
      'Content-Type',
      'application/json',
      'Authorization',
      headers,
      'Content-Length',
      '60',
    ];
    const admit = () => {
      const authorization = headers === '' ? undefined : bytes.toString('latin1');
      const request = { headers: { authorization }, rawHeaders } as unknown as IncomingMessage;
      if (!admission.admitNow(request, 'predict')) void admission.admit(request, 'predict');
    };
    for (let i = 0; i < ADMISSIONS; i++) admit();
    const before = threadCpuUsage();
    for (let i = 0; i < ADMISSIONS; i++) admit();
    console.log(`| ${name} | ${((1e6 * (threadCpuUsage() - before)) / ADMISSIONS).toFixed(0)} |`);
  }
  console.log();
}

/** Writes a file with one key, and returns the key. */
function writeKeys(path: string): string {
  const { id, text } = createKey();
  const terms = { scopes: ['predict'], created: new Date().toISOString(), expires: '2100-01-01', revoked: null };
  writeFileSync(path, `${JSON.stringify({ id, name: 'bench', sha256: digestOf(text).toString('hex'), ...terms })}\n`);
  return text;
}
