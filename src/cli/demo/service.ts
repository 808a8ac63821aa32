import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { builtFile } from '../../base/node/built-file.js';
import { OWN_TABLE } from '../../server/config.js';

const MAIN = fileURLToPath(builtFile('main.js'));
/** Folder of the package, with the table that the service trains its first model on. */
const ROOT = fileURLToPath(new URL('../..', builtFile('main.js')));
/** pino level. Warnings, such as drift, are reported by the demo itself. */
const ERROR = 50;

/** The real service on the bundled data, in its own process. */
export class DemoService {
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  /** Resolves with the URL of the service when a model serves; rejects if the service exits before. */
  readonly ready: Promise<string>;

  /** Starts the service with `store` as its only directory. It inherits only PATH from the environment. */
  constructor(store: string, port: number) {
    this.child = spawn(process.execPath, [MAIN], {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'],
        HOST: '127.0.0.1',
        PORT: String(port),
        MODEL_STORE: store,
        TRAIN_DATA: OWN_TABLE,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
      // Its own process group: Ctrl-C reaches only the demo, which then stops the service gracefully.
      detached: true,
    });
    this.ended = once(this.child, 'close');
    this.ready = this.waitUntilReady();
  }

  /** Stops the service gracefully. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended;
  }

  /** Kills the service and its child processes, if still running. */
  kill(): void {
    const { pid, exitCode, signalCode } = this.child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
  }

  private async waitUntilReady(): Promise<string> {
    let url = '';
    return new Promise((resolve, reject) => {
      createInterface({ input: this.child.stdout! }).on('line', (text) => {
        const { level, msg, err } = JSON.parse(text) as { level: number; msg: string; err?: { message: string } };
        if (level >= ERROR) console.error(`service: ${msg}${err ? `: ${err.message}` : ''}`);
        if (msg.startsWith('Server listening at ')) url = msg.replace('Server listening at ', '');
        if (msg === 'model version serves') resolve(url);
      });
      this.ended.then(() => reject(new Error('the service has exited')), reject);
    });
  }
}
