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

interface Compared {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly turns: Turn[];
  /** Minimum ratio to the first. */
  readonly min: number;
}

const OPEN: Compared = { name: 'without credentials', settings: {}, headers: JSON_TYPE, turns: [], min: 1 };
const COMPARED: readonly Compared[] = [
  {
    name: 'with a key',
    settings: { API_KEYS: join(directory, 'keys') },
    headers: { ...JSON_TYPE, ...key.headers },
    turns: [],
    min: MIN_KEY_RATIO,
  },
  {
    name: `with a token of ${token.length} characters`,
    settings: { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: AUDIENCE },
    headers: { ...JSON_TYPE, authorization: `Bearer ${token}` },
    turns: [],
    min: MIN_TOKEN_RATIO,
  },
];
try {
  console.log('# Credentials\n');
  printMachine();
  console.log(
    `One row, ${CONNECTIONS} connections. ${PAIRS} groups of processes, one for each row of the table; alternating turns of ` +
      `${TURN} ms, ${TURNS} per process. Medians, with minimum and maximum in brackets.\n`,
  );
  for (let group = 0; group < PAIRS; group++) await compareGroup(group);
  const rates = ({ turns }: Compared) => median(turns.map(({ requestsPerSecond }) => requestsPerSecond)).toFixed(0);
  const least = ({ turns }: Compared) => Math.min(...turns.map(({ cpu }) => cpu));
  const times = (side: Compared) =>
    `${median(side.turns.map(({ cpu }) => cpu)).toFixed(1)} (least ${least(side).toFixed(1)})`;
  console.log('| | requests/s | processor time per request, µs | ratio of requests/s | ratio by processor time |');
  console.log('|---|---:|---:|---:|---:|');
  console.log(`| ${OPEN.name} | ${rates(OPEN)} | ${times(OPEN)} | 1 | 1 |`);
  for (const side of COMPARED) {
    const throughput = OPEN.turns.map((turn, i) => side.turns[i]!.requestsPerSecond / turn.requestsPerSecond);
    const processor = OPEN.turns.map((turn, i) => turn.cpu / side.turns[i]!.cpu);
    console.log(
      `| ${side.name} | ${rates(side)} | ${times(side)} | ${spread(throughput, 2)} | ${spread(processor, 2)} |`,
    );
    const ratio = median(processor);
    verdicts.judge(
      `${side.name}: ${ratio.toFixed(3)} of the requests per processor time without, at least ${side.min}`,
      ratio >= side.min,
    );
  }
  console.log();
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
  const sides: [Side, Compared][] = [];
  try {
    for (const compared of [OPEN, ...COMPARED]) {
      sides.push([await startService(join(directory, compared.name), undefined, compared.settings), compared]);
    }
    for (const [side, { headers }] of sides) await turn(side, headers, WARM_UP);
    for (let i = group; i < group + TURNS; i++) {
      for (const [side, { headers, turns }] of i % 2 === 0 ? sides : sides.toReversed()) {
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
