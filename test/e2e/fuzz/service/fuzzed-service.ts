import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The path that a platform asks for predictions at, as in the golden requests. */
export const VERTEX = '/v1/endpoints/7/deployedModels/9';
/** Milliseconds to the start, or to the end after a signal. */
const TIMEOUT = 30_000;

/** The built service in a process of its own, which trains its first model on `rows.csv` of its directory. */
export class FuzzedService {
  readonly port: number;
  readonly directory: string;
  restarts = 0;
  private readonly main: string;
  private child: ChildProcess | undefined;

  constructor(main: string, directory: string, port: number) {
    this.main = main;
    this.directory = directory;
    this.port = port;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts the service, again if it has ended, and waits until it is ready. */
  async start(): Promise<void> {
    const log = openSync(join(this.directory, 'log'), 'a');
    this.child = spawn(process.execPath, [this.main], { env: this.environment(), stdio: ['ignore', log, log] });
    closeSync(log);
    const deadline = Date.now() + TIMEOUT;
    while (!(await this.ready())) {
      if (!this.alive || Date.now() > deadline) throw new Error(`the service did not start: ${this.lastWords()}`);
      await sleep(50);
    }
  }

  /** How the service ended, and the last severe line of its log. */
  lastWords(): string {
    const { exitCode, signalCode } = this.child ?? {};
    const log = readFileSync(join(this.directory, 'log'), 'utf8');
    const severe = log.split('\n').filter((line) => /"level":60|FATAL/.test(line));
    return `exit code ${exitCode}, signal ${signalCode}: ${severe.at(-1)?.slice(0, 600) ?? log.slice(-600)}`;
  }

  /** Resolves when the process has ended. One that no longer accepts connections still has some time to end by itself. */
  async ended(): Promise<void> {
    const deadline = Date.now() + TIMEOUT;
    while (this.alive && Date.now() < deadline) await sleep(50);
    this.kill();
  }

  /** Connections and other sockets that the process holds, on Linux. */
  openSockets(): number {
    const directory = `/proc/${this.pid}/fd`;
    if (!existsSync(directory)) return 0;
    return readdirSync(directory).filter((name) => isSocket(join(directory, name))).length;
  }

  async stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (this.child && this.alive) {
      const closed = once(this.child, 'close');
      this.child.kill('SIGTERM');
      const timer = setTimeout(() => this.kill(), TIMEOUT);
      await closed;
      clearTimeout(timer);
    }
    return { code: this.child?.exitCode ?? null, signal: this.child?.signalCode ?? null };
  }

  kill(): void {
    this.child?.kill('SIGKILL');
  }

  private get alive(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  private environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(this.port),
      MODEL_STORE: join(this.directory, 'store'),
      MODEL_NAME: 'test',
      KEEP_VERSIONS: '100',
      TRAIN_DATA: join(this.directory, 'rows.csv'),
      TRAIN_TARGET: 'y',
      // As in the image, so that what is freed does not count as taken.
      MALLOC_MMAP_THRESHOLD_: '131072',
      AIP_PREDICT_ROUTE: `${VERTEX}:predict`,
      AIP_HEALTH_ROUTE: VERTEX,
    };
  }

  private async ready(): Promise<boolean> {
    const response = await fetch(`http://127.0.0.1:${this.port}/readyz`, { headers: { connection: 'close' } }).catch(
      () => undefined,
    );
    return response?.status === 200;
  }
}

/** True if something accepts connections at this port. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

function isSocket(descriptor: string): boolean {
  try {
    return readlinkSync(descriptor).startsWith('socket:');
  } catch {
    return false;
  }
}
