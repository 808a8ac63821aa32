import { readFileSync } from 'node:fs';

/** The version of this program. Read when it is first asked for. */
export function ownVersion(): string {
  // As deep in the bundle as here.
  known ??= (
    JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as { version: string }
  ).version;
  return known;
}

let known: string | undefined;
