import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../support/temporary-directory.js';

export const DEMO = fileURLToPath(new URL('../../app/demo.js', import.meta.url));

/** Runs the demo with its own temporary directory, which it must leave empty. */
export class Demo {
  readonly child: ChildProcess;
  readonly directory: string;
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
  readonly lines: string[] = [];
  readonly errors: Promise<string>;
  url = '';
  private check = () => {};

  private constructor(directory: string, command: readonly string[]) {
    this.directory = directory;
    this.child = spawn(command[0]!, command.slice(1), {
      env: { PATH: process.env['PATH'], TMPDIR: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = once(this.child, 'close') as Demo['ended'];
    this.errors = text(this.child.stderr!);
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.lines.push(line);
      this.url ||= /http:\S+(?=\/ )/.exec(line)?.[0] ?? '';
      this.check();
    });
  }

  static async start(t: TestContext, ...args: readonly string[]): Promise<Demo> {
    return Demo.run(t, process.execPath, DEMO, ...args);
  }

  /** Runs the demo with another command. */
  static async run(t: TestContext, ...command: readonly string[]): Promise<Demo> {
    const demo = new Demo(temporaryDirectory(t), command);
    t.after(() => demo.child.kill('SIGTERM'));
    return demo;
  }

  /** Resolves with the first matching line, past or future; rejects if the demo exits before. */
  async says(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      this.check = () => {
        const line = this.lines.find((one) => pattern.test(one));
        if (line !== undefined) resolve(line);
      };
      this.ended.then(() => reject(new Error(`it exited before it printed ${pattern}: ${this.lines.join('\n')}`)));
      this.check();
    });
  }

  /** Asserts that the demo has left no files and no service. */
  async leavesNothing(): Promise<void> {
    await this.ended;
    assert.deepEqual(await readdir(this.directory), []);
    if (this.url) await assert.rejects(fetch(this.url), { message: 'fetch failed' });
  }
}
