/** Node.js has it from 22.14 and 23.7 on. */
const OPTION = '--disable-sigusr1';

/**
 * Options for a Node.js process in which SIGUSR1 opens no inspector: whoever may send a signal to the process, or reach its port 9229,
 * could otherwise run any code in it.
 */
export const NO_INSPECTOR: readonly string[] = process.allowedNodeEnvironmentFlags.has(OPTION) ? [OPTION] : [];

/**
 * Takes SIGUSR1 from Node.js, which would open its inspector, from now on: for versions without the option above, and for a process
 * that was started without it. `--inspect` opens the inspector nevertheless.
 */
export function takeInspectorSignal(onSignal: () => void = () => {}): void {
  process.on('SIGUSR1', onSignal);
}
