/** Name of the failpoint to die at and, after an `@`, at which pass (default 1). Only tests set it. */
const [ACTIVE, PASS = '1'] = (process.env['FAILPOINT'] ?? '').split('@');
let passesLeft = Number(PASS);

/**
 * Kills the process here, as `kill -9` does, if `FAILPOINT` is this name. Tests use it to interrupt the program between any
 * two steps that change files. Otherwise it costs one comparison. `grep -rn failpoint src` lists the names.
 */
export function failpoint(name: string): void {
  if (name === ACTIVE && --passesLeft === 0) process.kill(process.pid, 'SIGKILL');
}
