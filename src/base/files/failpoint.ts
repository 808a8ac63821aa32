/** Read once, at start: a name, and after an `@` at which passing, if it is not the first. Tests set it; nothing else should. */
const [CHOSEN, PASSING = '1'] = (process.env['FAILPOINT'] ?? '').split('@');
let left = Number(PASSING);

/**
 * Dies here, as by kill -9, if `FAILPOINT` is this name: so tests cut the program off between any two steps that change
 * what is on the disk. Otherwise it is one comparison. `grep -rn failpoint src` lists the names.
 */
export function failpoint(name: string): void {
  if (name === CHOSEN && --left === 0) process.kill(process.pid, 'SIGKILL');
}
