/** Points further apart than this, in seconds, have a gap between them. */
export const GAP = 15;

/**
 * From where to where an alarm was on, in seconds: each point is of the time since the one before.
 *
 * @param at of each point, in seconds
 * @param raised 1 if the alarm was on, null where there is no point
 */
export function alarmSpans(at: ArrayLike<number>, raised: ArrayLike<number | null | undefined>): [number, number][] {
  const spans: [number, number][] = [];
  for (let i = 0; i < at.length; i++) {
    if (raised[i] !== 1) continue;
    const follows = i > 0 && raised[i - 1] != null && at[i]! - at[i - 1]! <= GAP;
    const from = follows ? at[i - 1]! : at[i]!;
    const last = spans.at(-1);
    if (last && last[1] === from) last[1] = at[i]!;
    else spans.push([from, at[i]!]);
  }
  return spans;
}
