import { shown } from './format.js';

/** A name that others gave: of a feature, a file, a column. Set apart from what is around it, whatever its direction. */
export function Name({ of, most }: { of: string; most?: number }) {
  return <bdi class="name">{shown(of, most)}</bdi>;
}
