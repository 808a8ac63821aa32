import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { type NamedRow, Replay } from './replay.js';
import { DemoService } from './service.js';
import { Verdict } from './verdict.js';

// `npm run demo`: runs the service on its bundled data and replays real rows. One column switches to another unit, is mended
// once the fault has become a habit, and breaks in another way. The demo removes its files however it ends.

const COLUMN = 'weight';
const KILOGRAMS = 0.45359237;
/** Rows of the first fault: many more than a monitor that learns from them would need to get used to it. */
const FAULT_ROWS = 8000;
/** Rows without an alarm before the second fault, so that people see that it has ended. */
const CALM_ROWS = 3000;
/** A second fault, which raises the column instead of lowering it. */
const TOO_HIGH = 1.25;
/** Time between checks of the verdict in milliseconds, and checks per printed line. */
const CHECK_INTERVAL = 1000;
const CHECKS_PER_LINE = 5;
/** Longer than the service takes to stop, in milliseconds. */
const GRACE = 12_000;

const { port, rate, delay } = settings();
const parent = process.ppid;
const store = mkdtempSync(join(tmpdir(), 'reconstruction-regressor-demo-'));
const service = new DemoService(store, port);
const ending = new AbortController();
const grace = closeWithGrace({ delay: GRACE }, async ({ err, signal }) => {
  if (err && !ending.signal.aborted) console.error(`demo: ${err.message}`);
  // After any other signal, stdout may no longer have a reader.
  if (signal === 'SIGINT') console.log('Stopping the service. Press Ctrl-C again to exit without waiting.');
  ending.abort();
  await service.stop();
});
// Runs after the above, and also when the demo exits without waiting.
process.on('exit', () => {
  service.kill();
  rmSync(store, { recursive: true, force: true, maxRetries: 10 });
});

play().catch((error: unknown) => {
  // Errors of interrupted requests are expected while the demo stops.
  if (!ending.signal.aborted) throw error;
});

async function play(): Promise<void> {
  const url = await service.ready;
  const card = (await (await fetch(`${url}/model`)).json()) as { features: string[] };
  const replay = new Replay(card.features);
  console.log(`Replaying real cars at ${rate} rows a second to a model that was trained on some of them. Open

  ${url}/         the page
  ${url}/drift    the verdict, as JSON
  ${url}/metrics  the metrics for Prometheus

In ${delay} s, ${COLUMN} will switch from pounds to kilograms, for ${FAULT_ROWS} rows. Another fault follows. Press Ctrl-C to stop.
`);
  await Promise.all([replay.run(url, rate, ending.signal), watch(url, replay)]);
}

/** Breaks the column, mends it, and breaks it in another way; reports how the verdict changes. */
async function watch(url: string, replay: Replay): Promise<void> {
  const raised = new Set<string>();
  const started = performance.now();
  const steps = faults(replay, () => performance.now() - started >= 1000 * delay);
  let step = steps.next();
  let changed: { readonly at: number; readonly rows: number } | undefined;
  for (let checks = 1; ; checks++) {
    await sleep(CHECK_INTERVAL, undefined, { signal: ending.signal });
    // npm does not forward SIGHUP, and cannot forward SIGKILL.
    if (process.ppid !== parent) grace.close();
    const verdict = await Verdict.fetch(url, ending.signal);
    const { alarms } = verdict;
    const since = changed
      ? `${seconds(changed.at)} s and ${replay.answered - changed.rows} rows after the last change`
      : 'before the unit changed: a false alarm';
    for (const [group, cause] of alarms) if (!raised.has(group)) say(`ALARM, ${group}: ${cause}; ${since}`);
    for (const group of raised) if (!alarms.has(group)) say(`cleared, ${group}; ${since}`);
    raised.clear();
    for (const group of alarms.keys()) raised.add(group);
    if (checks % CHECKS_PER_LINE === 1) say(verdict.about(COLUMN));
    if (step.done || !step.value(alarms.size > 0)) continue;
    changed = { at: performance.now(), rows: replay.answered };
    step = steps.next();
    say(replay.condition);
  }

  function say(text: string): void {
    console.log(`${String(seconds(started)).padStart(4)} s ${String(replay.answered).padStart(7)} rows   ${text}`);
  }
}

/** Changes what is replayed, one step after another. Yields what must be true before the next step, given whether there is an alarm. */
function* faults(replay: Replay, isTime: () => boolean): Generator<(alarm: boolean) => boolean, void> {
  yield isTime;
  const start = replay.answered;
  replay.change(`${COLUMN} is now in kilograms`, scale(KILOGRAMS));
  yield () => replay.answered >= start + FAULT_ROWS;
  replay.change(`${COLUMN} is in pounds again`, (row) => row);
  let calm = Number.POSITIVE_INFINITY;
  yield (alarm) => {
    calm = alarm ? Number.POSITIVE_INFINITY : Math.min(calm, replay.answered);
    return replay.answered >= calm + CALM_ROWS;
  };
  replay.change(`${COLUMN} is now a quarter too high`, scale(TOO_HIGH));
}

function scale(factor: number): (row: NamedRow) => NamedRow {
  return (row) => ({ ...row, [COLUMN]: row[COLUMN]! * factor });
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 1000);
}

/** Exits with a usage message if the arguments are invalid. */
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

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`--${name}: expected a whole number from ${min} to ${max}, got ${text}`);
}
