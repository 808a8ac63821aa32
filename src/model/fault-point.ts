/** Read once, at start. Tests set it; nothing else should. */
const CHOSEN = process.env['FAULT_POINT'];

/**
 * Dies here, as by kill -9, if `FAULT_POINT` is this name: so tests cut the program off between any two steps that change
 * what is on the disk. Otherwise it is one comparison. `grep -rn faultPoint src` lists the names.
 */
export function faultPoint(name: string): void {
  if (name === CHOSEN) process.kill(process.pid, 'SIGKILL');
}
