import { setTimeout as sleep } from 'node:timers/promises';
import type { Contract } from './contract.js';
import { type Exchange, exchange } from './exchange.js';
import type { Findings } from './findings.js';
import { type Corpus, type FuzzCase, fuzzCase, mustAnswer } from './fuzz-case.js';
import { accepts, type FuzzedService } from './service/fuzzed-service.js';
import type { Keeper } from './service/keeper.js';
import type { Sample, Watch } from './service/watch.js';

export interface FuzzerOptions {
  readonly service: FuzzedService;
  readonly keeper: Keeper;
  readonly corpus: Corpus;
  readonly contract: Contract;
  readonly findings: Findings;
  readonly seed: number;
  readonly concurrency: number;
  /** Resident memory that the service and its child processes may take, in bytes. */
  readonly memory: number;
  /** Requests to leave out, by method, target and source. */
  readonly skip?: RegExp | undefined;
}

/** The fuzzer gives up after the service has ended this often. */
const MAX_CRASHES = 5;
/** Finished requests that may be the cause of an end. */
const RECENT = 200;
/** Time after a request in which it ends the service, if it does, in milliseconds. */
const SETTLE = 40;
const LONG_SETTLE = 500;
/** Requests before the end of the service that are looked at one by one. */
const NEAR = 6;
/** Moments of an early end that are tried, as a share of what it may be. */
const MOMENTS = [1, 0.5, 0.25, 0.1, 0];
/** Milliseconds, without those for which other processes had the processors. */
const MAX_LIVEZ_LATENCY = 1000;

/** Sends the requests of a run, some at a time, and collects what is wrong. */
export class Fuzzer {
  readonly outcomes = new Map<string, number>();
  readonly statuses = new Map<number, number>();
  sent = 0;
  skipped = 0;
  private readonly options: FuzzerOptions;
  private readonly active = new Set<FuzzCase>();
  private recent: FuzzCase[] = [];
  private recovery: Promise<void> | undefined;
  private crashes = 0;
  /** True from the first sample above the bound until the next start. */
  private overMemory = false;

  constructor(options: FuzzerOptions) {
    this.options = options;
  }

  /** Sends the requests with these indexes. */
  async run(from: number, count: number, watch: Watch): Promise<void> {
    const { concurrency, corpus, keeper, seed, skip } = this.options;
    let next = from;
    const lane = async () => {
      while (next < from + count && this.crashes < MAX_CRASHES) {
        const fuzz = fuzzCase(corpus, seed, next++);
        await this.recovery;
        await keeper.serveFor(fuzz.index);
        if (skip?.test(`${fuzz.request.method} ${fuzz.request.target} ${fuzz.request.name}`)) this.skipped++;
        else await this.send(fuzz, watch);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    await sleep(SETTLE);
    if (!(await accepts(this.options.service.port))) await this.recover(watch);
  }

  /** Judges a measurement. */
  judge({ pid, status, latency, starved, tree }: Sample): void {
    const { service, findings, memory } = this.options;
    if (pid !== service.pid || this.recovery || status === 0) return;
    if (status !== 200)
      findings.add('/livez fails', 'GET /livez', status, `after ${latency.toFixed(0)} ms`, [...this.active]);
    else if (latency - starved > MAX_LIVEZ_LATENCY) {
      findings.add('/livez is slow', 'GET /livez', status, `${latency.toFixed(0)} ms`, [...this.active]);
    }
    if (tree > memory && !this.overMemory) {
      this.overMemory = true;
      findings.add('memory', '', 0, `${(tree / 2 ** 20).toFixed(0)} MiB`, [...this.active, ...this.recent.slice(-20)]);
    }
  }

  private async send(fuzz: FuzzCase, watch: Watch): Promise<void> {
    const { service } = this.options;
    for (;;) {
      this.active.add(fuzz);
      const done = await exchange(service.port, fuzz);
      this.active.delete(fuzz);
      this.recent.push(fuzz);
      if (this.recent.length > 2 * RECENT) this.recent = this.recent.slice(-RECENT);
      const doubtful = done.outcome === 'unreachable' || done.outcome === 'closed';
      if (!doubtful || (!this.recovery && (await accepts(service.port)))) {
        this.sent++;
        this.check(fuzz, done);
        return;
      }
      await this.recover(watch);
      if (this.crashes >= MAX_CRASHES) return;
    }
  }

  private check(fuzz: FuzzCase, { outcome, replies, detail = '', milliseconds }: Exchange): void {
    const { keeper, contract, findings } = this.options;
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    for (const { status } of replies) this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    const { request, delivery } = fuzz;
    const about = `${request.method} ${request.target.slice(0, 80)} (${delivery}, ${milliseconds.toFixed(0)} ms) ${detail}`;
    const route = `${request.method} ${request.target.replace(/\?.*/, '').slice(0, 40)}`;
    if (outcome === 'hung')
      findings.add(delivery === 'half-close' ? 'half-closed and left open' : 'hang', route, 0, about, [fuzz]);
    if (outcome === 'malformed') findings.add('malformed reply', route, 0, about, [fuzz]);
    if (outcome === 'closed' && mustAnswer(fuzz)) findings.add('closed without a whole reply', route, 0, about, [fuzz]);
    for (const { kind, route: documented, status, detail: seen } of contract.breaches(fuzz, replies)) {
      findings.add(kind, documented, status, `${seen} to ${about}`, [fuzz]);
    }
    const location = replies[0]?.headers.get('location');
    if (location?.startsWith('/train/')) keeper.noteTraining(location);
  }

  /** Starts the service again after its end, and finds the request that ends it. One caller works, others wait. */
  private async recover(watch: Watch): Promise<void> {
    this.recovery ??= this.reproduce(watch).finally(() => {
      this.recovery = undefined;
    });
    await this.recovery;
  }

  private async reproduce(watch: Watch): Promise<void> {
    const { service, findings } = this.options;
    this.crashes++;
    watch.follow(0);
    const suspects = [...this.active, ...this.recent.slice(-RECENT).reverse()];
    await service.ended();
    const words = service.lastWords();
    await this.restart();
    const culprit = await this.culpritAmong(suspects);
    const about = culprit
      ? `${culprit.request.method} ${culprit.request.target.slice(0, 80)} (${culprit.delivery})`
      : 'no single request';
    findings.add('the process ended', about, 0, words, culprit ? [culprit] : suspects.slice(0, 40));
    watch.follow(service.pid);
  }

  /** The request that ends the service by itself, if there is one. Those with an early end come first. */
  private async culpritAmong(suspects: readonly FuzzCase[]): Promise<FuzzCase | undefined> {
    const [early, others] = [true, false].map((cut) => suspects.filter((fuzz) => !mustAnswer(fuzz) === cut));
    const attempts = [...early!.flatMap(moments), ...others!];
    const near = await this.endedBy(attempts, SETTLE);
    if (near < 0) return undefined;
    // It took a moment to end: the cause may be a little earlier.
    const candidates = attempts.slice(Math.max(0, near - NEAR), near + 1).reverse();
    const repeated = [...candidates, ...candidates];
    return repeated[await this.endedBy(repeated, LONG_SETTLE)];
  }

  /** Sends one request after the other. Returns the place of the one after which the service ended, or -1. */
  private async endedBy(cases: readonly FuzzCase[], settle: number): Promise<number> {
    const { service } = this.options;
    for (const [i, fuzz] of cases.entries()) {
      await exchange(service.port, fuzz);
      await sleep(settle);
      if (await accepts(service.port)) continue;
      await service.ended();
      await this.restart();
      return i;
    }
    return -1;
  }

  private async restart(): Promise<void> {
    this.overMemory = false;
    this.options.service.restarts++;
    await this.options.service.start();
  }
}

/** The same request with an early end at its own moment and at others. */
function moments(fuzz: FuzzCase): FuzzCase[] {
  if (fuzz.delivery === 'cut-head' || fuzz.delivery === 'cut-body') return [fuzz];
  return MOMENTS.map((share) => ({ ...fuzz, delivery: share === 1 ? fuzz.delivery : 'cut-wait', at: share * fuzz.at }));
}
