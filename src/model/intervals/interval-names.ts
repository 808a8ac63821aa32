/**
 * Returns the names of the columns of bounds in tables: `<target>_low` and `<target>_high`, for each target. Where a target has such a
 * name itself, the first free of `<target>_low_2`, `<target>_low_3` and so on.
 */
export function intervalNames(targets: readonly string[]): [low: string, high: string][] {
  const taken = new Set(targets);
  const free = (name: string): string => {
    let candidate = name;
    for (let n = 2; taken.has(candidate); n++) candidate = `${name}_${n}`;
    taken.add(candidate);
    return candidate;
  };
  return targets.map((target) => [free(`${target}_low`), free(`${target}_high`)]);
}
