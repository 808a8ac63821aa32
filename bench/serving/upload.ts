// Prints the time, the longest turn of the event loop and the peak memory of the service during training uploads of 200 MiB, as
// CSV and as Arrow, with a heap of 96 MiB: `node dist/bench/serving/upload.js`. Exits with 1 if memory grows with the upload.
// Linux.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { printMachine, Verdicts } from '../tools/report.js';
import type { LoopReport } from './event-loop-probe.js';
import { startService } from './serving-sides.js';

const MIB = 2 ** 20;
const FEATURES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const BYTES = 200 * MIB;
/** Rows per record batch, as Arrow clients write them. */
const BATCH = 65_536;
/** Maximum growth of the peak memory during an upload, in bytes. */
const MAX_GROWTH = BYTES / 2;

interface Upload {
  readonly type: string;
  readonly chunks: () => AsyncGenerator<Uint8Array> | Generator<Uint8Array>;
}

const UPLOADS: readonly Upload[] = [
  { type: 'text/csv', chunks: csv },
  { type: 'application/vnd.apache.arrow.stream', chunks: arrow },
];

if (!existsSync('/proc/self/status')) {
  console.error('SKIPPED: this system has no /proc to read peak memory from');
  process.exit(0);
}
const verdicts = new Verdicts();
console.log('# Training uploads\n');
printMachine();
console.log('| upload | MiB sent | seconds | longest turn, ms | peak before, MiB | peak after, MiB | status |');
console.log('|---|---:|---:|---:|---:|---:|---|');
for (const upload of UPLOADS) await measure(upload);
console.log();
verdicts.print();

async function measure({ type, chunks }: Upload): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'rr-upload-'));
  const service = await startService(directory, 'event-loop-probe', { NODE_OPTIONS: '--max-old-space-size=96' });
  try {
    const peak = () =>
      Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.process.pid}/status`, 'utf8'))![1]) / 1024;
    const loop = async (): Promise<LoopReport> => {
      service.process.send('report');
      return (await once(service.process, 'message'))[0] as LoopReport;
    };
    await loop();
    const before = peak();
    const started = performance.now();
    let sent = 0;
    async function* counted() {
      for await (const chunk of chunks()) {
        sent += chunk.length;
        yield chunk;
      }
    }
    const reply = await fetch(`http://127.0.0.1:${service.port}/train?target=y&replace=true&epochs=1`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: Readable.from(counted()) as unknown as ReadableStream,
      duplex: 'half',
    } as RequestInit);
    const answer = await reply.text();
    const seconds = (performance.now() - started) / 1000;
    const grown = peak() - before;
    const { processor: turn } = await loop();
    const figures = [
      (sent / MIB).toFixed(0),
      seconds.toFixed(1),
      turn.toFixed(0),
      before.toFixed(0),
      peak().toFixed(0),
    ];
    console.log(`| ${type} | ${figures.join(' | ')} | ${reply.status} |`);
    if (reply.status !== 202) console.error(answer);
    verdicts.judge(
      `${type}: ${reply.status}, and ${grown.toFixed(0)} MiB more for ${(sent / MIB).toFixed(0)} MiB, at most ${MAX_GROWTH / MIB}`,
      reply.status === 202 && grown * MIB <= MAX_GROWTH,
    );
  } finally {
    service.process.kill();
    await once(service.process, 'close');
    rmSync(directory, { recursive: true, force: true });
  }
}

function* csv(): Generator<Uint8Array> {
  yield Buffer.from(`${[...FEATURES, 'y'].join()}\n`);
  for (let sent = 0, row = 0; sent < BYTES; ) {
    const lines: string[] = [];
    for (let i = 0; i < 1000; i++, row++) {
      lines.push(Array.from({ length: FEATURES.length + 1 }, (_, j) => Math.sin(row * (j + 1)).toFixed(7)).join());
    }
    const chunk = Buffer.from(`${lines.join('\n')}\n`);
    sent += chunk.length;
    yield chunk;
  }
}

function* arrow(): Generator<Uint8Array> {
  const columns = [...FEATURES, 'y'].map((name, j) => [
    name,
    Float32Array.from({ length: BATCH }, (_, i) => Math.sin(i * (j + 1))),
  ]);
  const batch = tableFromArrays(Object.fromEntries(columns));
  const batches = Math.ceil(BYTES / (BATCH * (FEATURES.length + 1) * Float32Array.BYTES_PER_ELEMENT));
  const all = batch.concat(...Array.from({ length: batches - 1 }, () => batch));
  const bytes = tableToIPC(all, 'stream');
  for (let at = 0; at < bytes.length; at += MIB) yield bytes.subarray(at, at + MIB);
}
