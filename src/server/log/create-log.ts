import { type Logger, pino } from 'pino';
import { LogOutput, STDOUT } from './log-output.js';
import { closeTerminalOnExit, openTerminal } from './terminal.js';

/** Milliseconds that the last lines get to be written before the process ends. */
const PATIENCE = 500;

export interface Log {
  readonly log: Logger;
  readonly output: Pick<LogOutput, 'dropped' | 'write'>;
  /** Waits for the last lines to be written, but not for long. */
  end(): Promise<void>;
}

/** Logs to standard output: JSON lines, or text for people if it is a terminal. A destination that fails stops nothing. */
export async function createLog(level: string): Promise<Log> {
  const terminal = process.stdout.isTTY;
  // In this thread: pino's transport would be a worker thread, which ends badly when the terminal closes.
  const format = terminal
    ? (await import('pino-pretty')).prettyFactory({ ignore: 'pid,hostname', singleLine: true })
    : (line: string) => line;
  const output = new LogOutput(terminal ? openTerminal() : STDOUT);
  const log = pino({ level }, { write: (line: string) => output.write(format(line)) });
  output.onRecovery = (dropped) => log.warn({ dropped }, 'log lines were dropped');
  process.on('exit', () => output.flush());
  closeTerminalOnExit();
  return { log, output, end: () => output.drain(PATIENCE) };
}
