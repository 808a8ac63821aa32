import type { Channel } from '../rows/channels.js';
import type { DependenceChange } from '../window/dependence-change.js';
import type { WindowTest } from '../window/window-test.js';

/** Above every other rank. */
const OWN_ALARM = 1e6;

/**
 * Returns whether a test of the feature, or of its conditional residual, raises an alarm by itself. Of columns that are not all
 * numbers, a gain without that says little: scores of levels come in few steps, and hardly look Gaussian.
 */
export function isSupported({ index }: Channel, channels: readonly Channel[], test: WindowTest | undefined): boolean {
  return (test?.evidence ?? []).some((one) => {
    const tested = channels[one.channel]!;
    if (tested.index !== index || (tested.kind !== 'feature' && tested.kind !== 'conditional')) return false;
    const { threshold, tests } = test!.groups.find(({ group }) => group === one.group)!;
    return one.matters && one.logP < Math.log(threshold / tests);
  });
}

/**
 * Ranks a feature as the cause of a change, higher for a likelier cause. Its own evidence (its distribution, its range, its
 * missing values) counts, and how much its dependence on the other features has changed. Without rows to measure that in, its
 * conditional residual counts only among features without an alarm of their own, because it also moves where one that it used
 * to explain has changed.
 */
export function rankOf(
  channel: Channel,
  channels: readonly Channel[],
  test: WindowTest | undefined,
  dependence: DependenceChange | undefined,
): number {
  let own = 0;
  let conditional = 0;
  let alarmed = false;
  for (const one of test?.evidence ?? []) {
    const tested = channels[one.channel]!;
    if (tested.index !== channel.index) continue;
    const { threshold, tests } = test!.groups.find(({ group }) => group === one.group)!;
    const evidence = -one.logP - Math.log(tests);
    if (tested.kind === 'conditional') conditional = Math.max(conditional, evidence);
    if (tested.kind !== 'feature') continue;
    own = Math.max(own, evidence);
    alarmed ||= one.matters && one.logP < Math.log(threshold / tests);
  }
  if (dependence) return own + dependence.gains[channel.index]!;
  return alarmed ? OWN_ALARM + own : Math.max(own, conditional);
}
