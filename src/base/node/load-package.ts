import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Held from the start, so that one file at a time can be read even when no descriptor is free. */
let reserve: number | undefined = openReserve();

/**
 * Loads a CommonJS package when it is first needed. Node.js 20 never again tries to import a file for which it once had no
 * file descriptor. So the package is loaded synchronously, with a descriptor that nothing else can take meanwhile.
 */
export function loadPackage(name: string): unknown {
  if (reserve !== undefined) closeSync(reserve);
  reserve = undefined;
  try {
    return require(name);
  } finally {
    reserve = openReserve();
  }
}

function openReserve(): number | undefined {
  try {
    return openSync('/dev/null', 'r');
  } catch {
    return undefined;
  }
}
