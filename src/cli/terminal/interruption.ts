import { rmSync } from 'node:fs';
import { EXIT } from './exit-codes.js';

/** Milliseconds that a command has to stop in an orderly way. */
const GRACE = 10_000;
const CODES = { SIGINT: EXIT.interrupted, SIGTERM: 143, SIGHUP: 129 } as const;

/** Files that are removed however the process ends, unless they are finished before. */
const unfinished = new Set<string>();
const stops = new Set<() => Promise<unknown>>();
let isInterrupted = false;

/**
 * Ends the process in an orderly way at Ctrl-C, SIGTERM and SIGHUP: what `onInterruption` registered is stopped, and unfinished files
 * are removed. A second signal does not wait. A reader of the output that has gone ends the process quietly. Returns a function that
 * leaves signals and output to others.
 */
export function takeInterruptions(): () => void {
  process.on('exit', removeUnfinished);
  const release: (() => void)[] = [];
  const listen = (emitter: NodeJS.EventEmitter, event: string, listener: (error: NodeJS.ErrnoException) => void) => {
    emitter.on(event, listener);
    release.push(() => emitter.off(event, listener));
  };
  for (const [signal, code] of Object.entries(CODES)) {
    listen(process, signal, () => {
      if (isInterrupted) process.exit(code);
      isInterrupted = true;
      const end = () => {
        if (process.stderr.isTTY) process.stderr.write('\n');
        process.stderr.write('interrupted; nothing was left half-written\n');
        process.exit(code);
      };
      setTimeout(end, GRACE).unref();
      void Promise.allSettled(Array.from(stops, (stop) => stop())).then(end);
    });
  }
  listen(process.stderr, 'error', () => {});
  listen(process.stdout, 'error', (error) => {
    // The reader of the output, such as `head`, has seen enough of it.
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`standard output cannot be written: ${error.message}\n`);
    process.exit(EXIT.failure);
  });
  return () => {
    for (const each of release) each();
  };
}

/** Whether the process is ending because of a signal: errors are its consequence then. */
export function interrupted(): boolean {
  return isInterrupted;
}

/** Registers what must be stopped before the process ends. Returns a function that takes it back. */
export function onInterruption(stop: () => Promise<unknown>): () => void {
  stops.add(stop);
  return () => stops.delete(stop);
}

/** Removes a file or a directory when the process ends. Returns a function that takes it back. */
export function removeAtExit(path: string): () => void {
  unfinished.add(path);
  return () => unfinished.delete(path);
}

function removeUnfinished(): void {
  for (const path of unfinished) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // The process is ending: there is no one left to report it to.
    }
  }
}
