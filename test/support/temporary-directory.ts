import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

let root: string | undefined;

/**
 * Makes an empty directory for a test, which is removed when this process exits. Not in a hook of the test: a process that still
 * writes makes removing fail, and hooks after the one that fails, which stop such processes, are not run.
 */
export function temporaryDirectory(t: TestContext): string {
  root ??= makeRoot();
  return mkdtempSync(join(root, `${t.name.replace(/\W+/g, '-').slice(0, 20)}-`));
}

function makeRoot(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rr-'));
  process.on('exit', () => {
    try {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      process.stderr.write(`${directory} is left: ${error}\n`);
    }
  });
  return directory;
}
