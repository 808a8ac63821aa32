import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { Replay } from './replay.js';
import { DemoService } from './service.js';
import { Verdict } from './verdict.js';

// `npm run demo`: the service on its embedded data and real rows, until one column comes in another unit. It leaves
// nothing behind, whatever ends it.

const COLUMN = 'weight';
const KILOGRAMS = 0.45359237;
/** Milliseconds between two looks at the verdict, and looks between two lines about it. */
const LOOK = 1000;
const LOOKS = 5;
/** Longer than the service takes to end, in milliseconds. */
const GRACE = 12_000;

const { port, rate, delay } = settings();
const parent = process.ppid;
const store = mkdtempSync(join(tmpdir(), 'reconstruction-regressor-demo-'));
const service = new DemoService(store, port);
const ending = new AbortController();
const grace = closeWithGrace({ delay: GRACE }, async ({ err, signal }) => {
  if (err && !ending.signal.aborted) console.error(`demo: ${err.message}`);
  // After any other signal there may be nobody to read it.
  if (signal === 'SIGINT') console.log('Ending the service; another Ctrl-C does not wait for it.');
  ending.abort();
  await service.stop();
});
// After that, and also when nobody waits for it.
process.on('exit', () => {
  service.kill();
  rmSync(store, { recursive: true, force: true, maxRetries: 10 });
});

play().catch((error: unknown) => {
  // What is cut off by the end is no failure.
  if (!ending.signal.aborted) throw error;
});

async function play(): Promise<void> {
  const url = await service.ready;
  const card = (await (await fetch(`${url}/model`)).json()) as { features: string[] };
  const replay = new Replay(card.features);
  console.log(`Real cars, ${rate} rows a second, to a model that was trained on some of them. Look at

  ${url}/         the page
  ${url}/drift    the verdict, as JSON
  ${url}/metrics  what Prometheus is told

In ${delay} s ${COLUMN} will come in kilograms instead of pounds. Ctrl-C ends it all.
`);
  await Promise.all([replay.run(url, rate, ending.signal), watch(url, replay)]);
}

/** Breaks the unit when it is time, and tells how the verdict changes. */
async function watch(url: string, replay: Replay): Promise<void> {
  const told = new Set<string>();
  const started = performance.now();
  let broken: { readonly at: number; readonly rows: number } | undefined;
  for (let looks = 1; ; looks++) {
    await sleep(LOOK, undefined, { signal: ending.signal });
    // npm hands SIGHUP on to nobody, and SIGKILL neither.
    if (process.ppid !== parent) grace.close();
    const verdict = await Verdict.ask(url, ending.signal);
    for (const [group, cause] of verdict.alarms) {
      if (told.has(group)) continue;
      told.add(group);
      const since = broken
        ? `${seconds(broken.at)} s and ${replay.answered - broken.rows} rows after the unit broke`
        : 'though nothing is wrong: a false alarm';
      say(`ALARM of the tests of ${group}: ${cause}; ${since}`);
    }
    if (looks % LOOKS === 1) say(verdict.about(COLUMN));
    if (broken || performance.now() - started < 1000 * delay) continue;
    broken = { at: performance.now(), rows: replay.answered };
    replay.fault = (row) => ({ ...row, [COLUMN]: row[COLUMN]! * KILOGRAMS });
    say(`from now on ${COLUMN} comes in kilograms`);
  }

  function say(text: string): void {
    console.log(`${String(seconds(started)).padStart(4)} s ${String(replay.answered).padStart(7)} rows   ${text}`);
  }
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 1000);
}

/** Ends the process with a usage message for arguments that make no sense. */
function settings() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '8080' },
        rate: { type: 'string', default: '50' },
        delay: { type: 'string', default: '30' },
      },
    });
    return {
      port: whole('port', values.port, 0, 65_535),
      rate: whole('rate', values.rate, 1, 10_000),
      delay: whole('delay', values.delay, 0, 3600),
    };
  } catch (error) {
    console.error(`demo: ${(error as Error).message}
usage: npm run demo -- [--port 8080] [--rate <rows a second> 50] [--delay <seconds to the fault> 30]`);
    process.exit(2);
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`--${name}: expected a whole number from ${least} to ${most}, got ${text}`);
}
