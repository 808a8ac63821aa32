import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { builtFile } from './built-file.js';
import { NO_INSPECTOR } from './inspector-signal.js';
import { MEMORY } from './memory-limits.js';

/** Characters of the child's error output that are retained: the end, which says why it died. */
const MAX_OUTPUT = 2000;
/** Milliseconds between two checks of a child's memory. */
const MEMORY_INTERVAL = 100;

/** The second option is in proportion; V8's own maximum is 16 MiB, of which there are three. */
const HEAP_OPTIONS = [
  `--max-old-space-size=${MEMORY.childHeap}`,
  `--max-semi-space-size=${Math.min(16, Math.ceil(MEMORY.childHeap / 16))}`,
];

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly serialization?: 'json' | 'advanced';
  /** Kills the child when aborted; `exit` resolves once it has exited. */
  readonly signal?: AbortSignal;
  /** Resident bytes above which the child is killed. Limits of V8 do not count array buffers. Only Linux reports them. */
  readonly maxMemory?: number;
}

/** How a child ended. */
export interface ChildExit {
  /** The signal that killed it, or its exit code. */
  readonly reason: string;
  /** End of its error output. For the log only: stacks and paths are not for clients. */
  readonly output: string;
}

/** A child process that runs a built file and exchanges messages with this process. */
export class Child<Received> {
  /**
   * Resolves when the child has exited and its output has been read. Rejects if it could not be started, and with what
   * `onMessage` throws, once the child has been killed.
   */
  readonly exit: Promise<ChildExit>;
  private readonly child: ChildProcess;
  private output = '';
  private unsent = '';

  constructor(file: string, onMessage: (message: Received) => void, options: ChildOptions = {}) {
    const { args = [], serialization = 'json', signal, maxMemory } = options;
    this.child = fork(builtFile(file), args, {
      // Options of this process, such as an inspector's port, are not passed on.
      execArgv: [...HEAP_OPTIONS, ...NO_INSPECTOR],
      serialization,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    sacrifice(this.child.pid);
    let failure: unknown;
    this.child.on('message', (message) => {
      try {
        onMessage(message as Received);
      } catch (error) {
        failure = error;
        this.kill();
      }
    });
    // A child that could not be started, for example for want of a file descriptor (EMFILE), has neither `stderr` nor `send`.
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.output = (this.output + text).slice(-MAX_OUTPUT);
    });
    const kill = () => this.kill();
    const checkMemory = () => {
      if (residentBytes(this.child.pid) > maxMemory!) kill();
    };
    const memoryTimer = maxMemory === undefined ? undefined : setInterval(checkMemory, MEMORY_INTERVAL);
    signal?.addEventListener('abort', kill, { once: true });
    this.exit = new Promise<ChildExit>((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, killer) => {
        if (failure) reject(failure);
        const output = this.output.trim() || this.unsent || 'the process wrote nothing';
        resolve({ reason: killer ?? `exit code ${code}`, output });
      });
    }).finally(() => {
      clearInterval(memoryTimer);
      signal?.removeEventListener('abort', kill);
    });
  }

  /** Sends a message. If the child has already exited, or never started, only `exit` reports that. */
  send(message: object | null): void {
    this.child.send?.(message as object, (error) => {
      if (error) this.unsent = error.message;
    });
  }

  /** Kills the child, which gets no chance to clean up. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** Makes a process the first one that Linux kills for want of memory: its work can be done again, and this process serves. */
function sacrifice(pid: number | undefined): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // The process has not started or has exited, or this system is not Linux.
  }
}

/** Returns 0 if the process has exited, or if this system does not report its memory. */
function residentBytes(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
