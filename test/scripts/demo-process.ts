import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../support/server-process.js';

export const DEMO = fileURLToPath(new URL('../../scripts/demo/demo.js', import.meta.url));

/** The demo, with a directory of its own for what it must remove. */
export class Demo {
  readonly child: ChildProcess;
  readonly directory: string;
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
  readonly lines: string[] = [];
  readonly errors: Promise<string>;
  url = '';
  private look = () => {};

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
      this.look();
    });
  }

  static async start(t: TestContext, ...args: readonly string[]): Promise<Demo> {
    return Demo.run(t, process.execPath, DEMO, ...args);
  }

  /** Runs it by another command. */
  static async run(t: TestContext, ...command: readonly string[]): Promise<Demo> {
    const demo = new Demo(await temporaryDirectory(t), command);
    t.after(() => demo.child.kill('SIGTERM'));
    return demo;
  }

  /** Resolves with the first line that matches, past or to come; rejects if the demo ends before. */
  async says(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      this.look = () => {
        const line = this.lines.find((one) => pattern.test(one));
        if (line !== undefined) resolve(line);
      };
      this.ended.then(() => reject(new Error(`it ended before it said ${pattern}: ${this.lines.join('\n')}`)));
      this.look();
    });
  }

  /** Asserts that nothing is left of it: no file, and no service. */
  async leavesNothing(): Promise<void> {
    await this.ended;
    assert.deepEqual(await readdir(this.directory), []);
    if (this.url) await assert.rejects(fetch(this.url), { message: 'fetch failed' });
  }
}
