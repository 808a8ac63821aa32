// Prints what an API key and an access token cost a prediction on the fast path: `node dist/bench/serving/credentials.js`. Exits with 1
// if a target is missed.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Admission } from '../../src/server/access/admission.js';
import { KeyAuthenticator } from '../../src/server/access/keys/key-authenticator.js';
import { readKeyFile } from '../../src/server/access/keys/key-file.js';
import { KeyRing } from '../../src/server/access/keys/key-ring.js';
import { Issuer } from '../../src/server/access/oidc/issuer.js';
import { TokenAuthenticator } from '../../src/server/access/oidc/token-authenticator.js';
import { keyLines, makeKey } from '../../test/support/access-keys.js';
import { AUDIENCE, OidcIssuer } from '../../test/support/oidc-issuer.js';
import { median, printMachine, Verdicts } from '../tools/report.js';
import { threadCpuUsage } from '../tools/thread-cpu.js';
import { LoadGenerator } from './load.js';
import type { LoadResult } from './load-process.js';
import { bodyOf } from './serving-rows.js';
import { type Side, startService } from './serving-sides.js';

const quick = process.argv.includes('--quick');
/** Groups of processes: two of the same program differ by some percent, by what is compiled when. */
const GROUPS = quick ? 3 : 8;
/**
 * Length of a turn in milliseconds, and number of turns per side and group, after a longer warm-up turn. Short, because the speed of
 * the machine changes within seconds: each turn is compared with its neighbour.
 */
const TURN = 100;
const TURNS = quick ? 20 : 40;
const WARM_UP = 2000;
const CONNECTIONS = 16;
const ADMISSIONS = 1_000_000;
const RESAMPLINGS = 2000;
/** Minimum throughput with a key, and with a token that has been verified before, relative to that without. */
const MIN_KEY_RATIO = quick ? 0.93 : 0.97;
const MIN_TOKEN_RATIO = quick ? 0.86 : 0.9;

interface Turn extends LoadResult {
  /** Processor time of the service's main thread per request, in microseconds. */
  readonly cpu: number;
}

const bodies = Array.from({ length: CONNECTIONS }, (_, i) => bodyOf(1, i));
const verdicts = new Verdicts();
const load = new LoadGenerator();
const directory = mkdtempSync(join(tmpdir(), 'rr-credentials-'));
const key = makeKey(['predict']);
writeFileSync(join(directory, 'keys'), keyLines([key]));
const issuer = await OidcIssuer.start();
// With the claims of a usual user.
const token = await issuer.sign({
  name: 'Alice Example',
  email: 'alice@example.com',
  roles: ['user', 'editor'],
  exp: Math.floor(Date.now() / 1000) + 7200,
});
const issued = new Issuer(issuer.url, pino({ level: 'silent' }));
const JSON_TYPE = { 'content-type': 'application/json' };

/** Settings of the processes of a group. */
const PROCESSES = {
  open: {},
  keys: { API_KEYS: join(directory, 'keys') },
  tokens: { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: AUDIENCE },
};
type ProcessName = keyof typeof PROCESSES;

interface Compared {
  readonly name: string;
  readonly process: ProcessName;
  readonly headers: Readonly<Record<string, string>>;
  /** By group. */
  readonly turns: Turn[][];
}

function compared(name: string, process: ProcessName, headers: Readonly<Record<string, string>> = {}): Compared {
  return { name, process, headers: { ...JSON_TYPE, ...headers }, turns: [] };
}

const bearer = { authorization: `Bearer ${token}` };
const OPEN = compared('without credentials', 'open');
const KEY = compared('with a key', 'keys', key.headers);
const TOKEN = compared(`with a token of ${token.length} characters`, 'tokens', bearer);
// What it takes to send and parse the same bytes, whatever is then done with them.
const SAME_AS_KEY = compared("without credentials, a key's header ignored", 'open', key.headers);
const SAME_AS_TOKEN = compared("without credentials, a token's header ignored", 'open', bearer);
const SIDES: readonly Compared[] = [OPEN, KEY, SAME_AS_KEY, TOKEN, SAME_AS_TOKEN];

try {
  console.log('# Credentials\n');
  printMachine();
  console.log(
    `One row, ${CONNECTIONS} connections. ${GROUPS} groups of processes: one without credentials, one with keys and one with ` +
      `tokens; alternating turns of ${TURN} ms, ${TURNS} per row of the table and group. A ratio compares turns that followed each ` +
      'other. It is the median of the groups, of each of which the median of its turns counts; in brackets its 95 % interval ' +
      '(bootstrap of groups and turns).\n',
  );
  for (let group = 0; group < GROUPS; group++) await compareGroup(group);
  console.log('| | requests/s | processor time per request, µs | ratio of requests/s | ratio by processor time |');
  console.log('|---|---:|---:|---:|---:|');
  for (const side of SIDES) {
    const turns = side.turns.flat();
    const rate = median(turns.map(({ requestsPerSecond }) => requestsPerSecond)).toFixed(0);
    const cpu = median(turns.map((turn) => turn.cpu)).toFixed(1);
    const ratios =
      side === OPEN
        ? '1 | 1'
        : `${interval(ratiosOf(side, OPEN, throughput))} | ${interval(ratiosOf(side, OPEN, speed))}`;
    console.log(`| ${side.name} | ${rate} | ${cpu} | ${ratios} |`);
  }
  console.log();
  judge(KEY, SAME_AS_KEY, MIN_KEY_RATIO);
  judge(TOKEN, SAME_AS_TOKEN, MIN_TOKEN_RATIO);
  await printAdmission();
  verdicts.print();
} finally {
  load.close();
  issued.close();
  issuer.stop();
  rmSync(directory, { recursive: true, force: true });
}

/** Measures all sides in turns, and adds the results. */
async function compareGroup(group: number): Promise<void> {
  const started = new Map<ProcessName, Side>();
  try {
    for (const name of Object.keys(PROCESSES) as ProcessName[]) {
      started.set(name, await startService(join(directory, `store-${name}`), undefined, PROCESSES[name]));
    }
    for (const side of SIDES) {
      await turn(started, side, WARM_UP);
      side.turns.push([]);
    }
    for (let i = group; i < group + TURNS; i++) {
      for (const side of i % 2 === 0 ? SIDES : SIDES.toReversed()) {
        side.turns[group]!.push(await turn(started, side, TURN));
      }
    }
  } finally {
    for (const { process: child } of started.values()) {
      child.kill();
      await once(child, 'close');
    }
  }
}

async function turn(started: ReadonlyMap<ProcessName, Side>, compared: Compared, milliseconds: number): Promise<Turn> {
  const side = started.get(compared.process)!;
  const before = cpuMicroseconds(side);
  const result = await load.run(side.port, bodies, milliseconds, { path: '/predict', headers: compared.headers });
  return { ...result, cpu: (cpuMicroseconds(side) - before) / result.requests };
}

function throughput({ requestsPerSecond }: Turn): number {
  return requestsPerSecond;
}

function speed({ cpu }: Turn): number {
  return 1 / cpu;
}

/** Returns the ratios of two sides by group and turn, `[groups, turns]`. */
function ratiosOf(side: Compared, other: Compared, of: (turn: Turn) => number): number[][] {
  return side.turns.map((turns, group) => turns.map((turn, i) => of(turn) / of(other.turns[group]![i]!)));
}

function medianOfGroups(ratios: readonly (readonly number[])[]): number {
  return median(ratios.map((turns) => median(turns)));
}

/** Formats the median of the groups' medians, with its 95 % interval by a bootstrap that draws groups, and turns of each. */
function interval(ratios: readonly (readonly number[])[]): string {
  const draw = <T>(values: readonly T[]): T[] => values.map(() => values[Math.floor(Math.random() * values.length)]!);
  const drawn = Array.from({ length: RESAMPLINGS }, () => medianOfGroups(draw(ratios).map(draw))).sort((a, b) => a - b);
  const at = (share: number) => drawn[Math.floor(share * RESAMPLINGS)]!.toFixed(3);
  return `${medianOfGroups(ratios).toFixed(3)} (${at(0.025)} to ${at(0.975)})`;
}

/** Judges what checking a credential costs: the other side's requests have the same bytes. */
function judge(side: Compared, same: Compared, min: number): void {
  const ratios = ratiosOf(side, same, speed);
  verdicts.judge(
    `${side.name}: ${interval(ratios)} of the requests per processor time when the same header is ignored, at least ${min}`,
    medianOfGroups(ratios) >= min,
  );
}

/** Returns the processor time of a process' main thread so far. */
function cpuMicroseconds({ process: { pid } }: Side): number {
  return Number.parseInt(readFileSync(`/proc/${pid}/schedstat`, 'latin1'), 10) / 1000;
}

/** Prints the processor time of admission alone, which hardly depends on what else the machine does. */
async function printAdmission(): Promise<void> {
  const ring = new KeyRing();
  ring.set(readKeyFile(join(directory, 'keys')));
  const terms = { perimeter: [], limits: [], addressOf: () => '' };
  const sides = {
    'without credentials': { admission: new Admission({ ...terms, authenticators: [] }), headers: '' },
    'with a header that is not looked at': {
      admission: new Admission({ ...terms, authenticators: [] }),
      headers: `Bearer ${key}`,
    },
    'with a key': {
      admission: new Admission({ ...terms, authenticators: [new KeyAuthenticator(ring)] }),
      headers: key.headers.authorization,
    },
    'with a token': {
      admission: new Admission({
        ...terms,
        authenticators: [new TokenAuthenticator(issued, AUDIENCE, { claim: '', prefix: '' })],
      }),
      headers: `Bearer ${token}`,
    },
  };
  issued.start();
  // Before the loops, which let nothing else happen.
  await issued.metadata();
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
      return admission.admitNow(request, 'predict') ?? admission.admit(request, 'predict');
    };
    await admit();
    for (let i = 0; i < ADMISSIONS; i++) admit();
    const before = threadCpuUsage();
    for (let i = 0; i < ADMISSIONS; i++) admit();
    console.log(`| ${name} | ${((1e6 * (threadCpuUsage() - before)) / ADMISSIONS).toFixed(0)} |`);
  }
  console.log();
}
