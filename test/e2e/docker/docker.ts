import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Largest output of a command that is kept, in bytes; a build prints much. */
const OUTPUT = 2 ** 24;

/** Runs the Docker client against the daemon that it finds, as a user's shell would. Throws with all that it printed. */
export async function docker(...args: string[]): Promise<string> {
  try {
    const { stdout } = await run('docker', args, { maxBuffer: OUTPUT });
    return stdout.trim();
  } catch (error) {
    // A build prints what the compiler finds to its standard output, which the error's message leaves out.
    const { message, stdout } = error as Error & { stdout?: string };
    throw new Error([message.trim(), stdout?.trim()].filter(Boolean).join('\n'), { cause: error });
  }
}

/** Why there is nothing to test with: false if a daemon answers. To be given to `skip`. */
export async function missingDaemon(): Promise<string | false> {
  try {
    await docker('info');
    return false;
  } catch (error) {
    return `no Docker daemon answers: ${(error as Error).message.trim()}`;
  }
}

/** Why a command cannot be run: false if it can. To be given to `skip`. */
export async function missingCommand(command: string, ...args: string[]): Promise<string | false> {
  try {
    await run(command, args);
    return false;
  } catch (error) {
    return `${command} cannot be run: ${(error as Error).message.trim()}`;
  }
}
