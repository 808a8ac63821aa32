import { readdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { Sample } from './watch.js';

// Measures the service from a thread of its own, so that the fuzzer's own work is not taken for the service's.

const INTERVAL = 100;
const TIMEOUT = 10_000;
const OWN = '/proc/thread-self/schedstat';
const { port } = workerData as { port: number };
let pid = 0;
parentPort!.on('message', (message: number) => {
  pid = message;
});

for (;;) {
  const before = performance.now();
  await sleep(INTERVAL);
  const delay = performance.now() - before - INTERVAL;
  if (pid === 0) continue;
  const measured = pid;
  const start = performance.now();
  const queued = queueTimes(measured);
  const status = await probe();
  const latency = performance.now() - start;
  const starved = starvation(measured, queued, queueTimes(measured));
  const sample: Sample = { pid: measured, status, latency, starved, delay, ...memory(measured) };
  parentPort!.postMessage(sample);
}

/** The status of `/livez` over a new connection; 0 if there is none. */
function probe(): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/livez', agent: false, timeout: TIMEOUT }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', () => resolve(0));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
  });
}

/** Milliseconds for which each of the service's threads, and this one, were ready to run and had no processor; on Linux. */
function queueTimes(id: number): Map<string, number> {
  const files = [...threadsOf(id).map((thread) => `/proc/${id}/task/${thread}/schedstat`), OWN];
  return new Map(files.map((file) => [file, Number(read(file).split(' ')[1] ?? 0) / 1e6]));
}

/** Milliseconds that an answer may have waited for a processor: for the main thread, for another that it waits for, and here. */
function starvation(id: number, before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  const main = `/proc/${id}/task/${id}/schedstat`;
  const waited = (file: string) => (after.get(file) ?? 0) - (before.get(file) ?? 0);
  const others = [...after.keys()].filter((file) => file !== main && file !== OWN);
  return waited(main) + Math.max(0, ...others.map(waited)) + waited(OWN);
}

function threadsOf(id: number): string[] {
  try {
    return readdirSync(`/proc/${id}/task`);
  } catch {
    return [];
  }
}

/** Resident memory of the process and of all that it started, in bytes; on Linux. */
function memory(root: number): Pick<Sample, 'rss' | 'tree'> {
  const rss = rssOf(root);
  return { rss, tree: rss + descendants(root).reduce((sum, each) => sum + rssOf(each), 0) };
}

function rssOf(id: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${id}/status`))?.[1] ?? 0);
}

function descendants(id: number): number[] {
  const children = read(`/proc/${id}/task/${id}/children`).split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
