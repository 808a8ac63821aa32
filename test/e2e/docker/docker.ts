import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Maximum output of a command in bytes. Builds print a lot. */
const MAX_OUTPUT = 2 ** 24;

/** Runs the Docker client with its default daemon. Throws an error with all output on failure. */
export async function docker(...args: string[]): Promise<string> {
  try {
    const { stdout } = await run('docker', args, { maxBuffer: MAX_OUTPUT });
    return stdout.trim();
  } catch (error) {
    // Builds print compiler errors to stdout, which the message of the error omits.
    const { message, stdout } = error as Error & { stdout?: string };
    throw new Error([message.trim(), stdout?.trim()].filter(Boolean).join('\n'), { cause: error });
  }
}

/** Returns the reason for `skip` if no daemon responds; otherwise false. */
export async function missingDaemon(): Promise<string | false> {
  try {
    await docker('info');
    return false;
  } catch (error) {
    return `no Docker daemon responds: ${(error as Error).message.trim()}`;
  }
}

/** Returns the reason for `skip` if a command cannot be run; otherwise false. */
export async function missingCommand(command: string, ...args: string[]): Promise<string | false> {
  try {
    await run(command, args);
    return false;
  } catch (error) {
    return `${command} cannot be run: ${(error as Error).message.trim()}`;
  }
}
