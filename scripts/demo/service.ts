import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '../../..');
/** pino's level: what is only a warning, such as drift, the demo tells itself. */
const ERROR = 50;

/** The real service on the embedded data, in a process of its own. */
export class DemoService {
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  /** Resolves with the service's URL when a model serves; rejects if the service ends before. */
  readonly ready: Promise<string>;

  /** Starts it with `store` as its only place for files. Of the environment it gets nothing but the path. */
  constructor(store: string, port: number) {
    this.child = spawn(process.execPath, [join(ROOT, 'dist/app/main.js')], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: String(port), MODEL_STORE: store },
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own: a Ctrl-C reaches the demo alone, which ends it in order.
      detached: true,
    });
    this.ended = once(this.child, 'close');
    this.ready = this.follow();
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended;
  }

  /** Ends it and all that it has started at once, if it still runs. */
  kill(): void {
    const { pid, exitCode, signalCode } = this.child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
  }

  private async follow(): Promise<string> {
    let url = '';
    return new Promise((resolve, reject) => {
      createInterface({ input: this.child.stdout! }).on('line', (text) => {
        const { level, msg, err } = JSON.parse(text) as { level: number; msg: string; err?: { message: string } };
        if (level >= ERROR) console.error(`service: ${msg}${err ? `: ${err.message}` : ''}`);
        if (msg.startsWith('Server listening at ')) url = msg.replace('Server listening at ', '');
        if (msg === 'model version serves') resolve(url);
      });
      this.ended.then(() => reject(new Error('the service has ended')), reject);
    });
  }
}
