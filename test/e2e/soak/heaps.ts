import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HeapLine } from './heap-probe.js';

const PROBE = fileURLToPath(new URL('./heap-probe.js', import.meta.url));
const PROBE_NAME = 'heap-probe.mjs';
const HEAPS = 'heaps';

/** Puts the probe into `directory`. Returns the environment of a service that sees this directory at `path`. */
export function installProbe(directory: string, path: string): Record<string, string> {
  copyFileSync(PROBE, join(directory, PROBE_NAME));
  mkdirSync(join(directory, HEAPS), { recursive: true });
  // The service is another user in a container.
  chmodSync(join(directory, HEAPS), 0o777);
  const options = [`--import=${join(path, PROBE_NAME)}`, '--heapsnapshot-signal=SIGWINCH', `--diagnostic-dir=${path}`];
  return { NODE_OPTIONS: options.join(' '), SOAK_HEAPS: join(path, HEAPS) };
}

/** Reads what the probe has written of a program, such as `main`, in the order of time. */
export function readHeaps(directory: string, program: string): HeapLine[] {
  return readdirSync(join(directory, HEAPS))
    .filter((name) => name.replace(/-\d+\.jsonl$/, '') === program)
    .flatMap((name) =>
      readFileSync(join(directory, HEAPS, name), 'utf8')
        .trim()
        .split('\n'),
    )
    .map((line) => JSON.parse(line) as HeapLine)
    .sort((a, b) => a.time - b.time);
}
