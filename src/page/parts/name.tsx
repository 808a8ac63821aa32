import { printable } from './format.js';

/** An untrusted name, such as that of a feature or file. Isolates its text direction from the text around it. */
export function Name({ of, max }: { of: string; max?: number }) {
  return <bdi class="name">{printable(of, max)}</bdi>;
}
