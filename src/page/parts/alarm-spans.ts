/** Points further apart than this, in seconds, are drawn with a gap between them. */
export const GAP = 15;

/**
 * Returns the spans in which an alarm was raised, `[from, to]` in seconds. A point covers the time since the one before it.
 *
 * @param at time of each point, in seconds
 * @param raised 1 if the alarm was raised, null where there is no point
 */
export function alarmSpans(at: ArrayLike<number>, raised: ArrayLike<number | null | undefined>): [number, number][] {
  const spans: [number, number][] = [];
  for (let i = 0; i < at.length; i++) {
    if (raised[i] !== 1) continue;
    const isAdjacent = i > 0 && raised[i - 1] != null && at[i]! - at[i - 1]! <= GAP;
    const from = isAdjacent ? at[i - 1]! : at[i]!;
    const last = spans.at(-1);
    if (last && last[1] === from) last[1] = at[i]!;
    else spans.push([from, at[i]!]);
  }
  return spans;
}
