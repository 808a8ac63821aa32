/** Read once, at start: a name, and after an `@` at which passing, if it is not the first. Tests set it; nothing else should. */
const [CHOSEN, PASSING = '1'] = (process.env['FAULT_POINT'] ?? '').split('@');
let left = Number(PASSING);

/**
 * Dies here, as by kill -9, if `FAULT_POINT` is this name: so tests cut the program off between any two steps that change
 * what is on the disk. Otherwise it is one comparison. `grep -rn faultPoint src` lists the names.
 */
export function faultPoint(name: string): void {
  if (name === CHOSEN && --left === 0) process.kill(process.pid, 'SIGKILL');
}
