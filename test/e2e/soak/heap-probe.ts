// Preloaded into the service and its child processes by the soak. After a full collection each minute, writes what the heap still
// holds to `<SOAK_HEAPS>/<program>-<pid>.jsonl`.
import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const INTERVAL = 60_000;
/** Spaces for machine code and bytecode. They grow for as long as V8 finds functions to optimise. */
const CODE = /code|trusted/;

/** A line of the file. */
export interface HeapLine {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Bytes of objects, without code, and of code. */
  readonly objects: number;
  readonly code: number;
}

const directory = process.env['SOAK_HEAPS'];
if (directory !== undefined && isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const file = join(directory, `${basename(process.argv[1] ?? '', '.js')}-${process.pid}.jsonl`);
  setInterval(() => {
    // The first collection runs finalisers, whose garbage the second one collects.
    collect();
    collect();
    appendFileSync(file, `${JSON.stringify(measure())}\n`);
  }, INTERVAL).unref();
}

function measure(): HeapLine {
  const line = { time: Date.now(), objects: 0, code: 0 };
  for (const { space_name: name, space_used_size: bytes } of getHeapSpaceStatistics()) {
    line[CODE.test(name) ? 'code' : 'objects'] += bytes;
  }
  return line;
}
