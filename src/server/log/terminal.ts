import { closeSync, constants, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import { STDOUT } from './log-output.js';

/** Opens the terminal again, non-blocking: Node.js makes its own descriptor block, so Ctrl-S would stop the process. */
export function openTerminal(): number {
  try {
    return openSync('/dev/stdout', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return STDOUT;
  }
}

/**
 * Closes the terminal when the process exits. Otherwise Node.js 20 would set its modes, and abort if the terminal is gone
 * (https://github.com/nodejs/node/pull/58200).
 */
export function closeTerminalOnExit(): void {
  // A terminal that is gone is no longer recognised as one.
  const descriptors = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  process.on('exit', () => {
    for (const descriptor of descriptors) closeSync(descriptor);
  });
}
