import type { Baseline } from '../../model/baseline/baseline.js';
import type { Bins } from '../../model/baseline/bins.js';

/** What is tested together, each group with its share of the false alarms. */
export const GROUPS = ['features', 'guards', 'error', 'conditional'] as const;
export type Group = (typeof GROUPS)[number];

/** One number of a row that is compared with the baseline. */
export interface Channel {
  readonly kind: 'feature' | 'output' | 'error' | 'conditional';
  /** The feature's or target's; `reconstruction_error` for the error. */
  readonly name: string;
  /** Which feature or output. */
  readonly index: number;
  readonly group: Group;
  readonly bins: Bins;
  /** Where its bins begin in an array of the bins of all channels. */
  readonly offset: number;
}

/** The channels of a baseline: features, outputs, the error, and conditional residuals last, for windows without them. */
export function channelsOf(baseline: Baseline): readonly Channel[] {
  const { features, outputs, error, conditional } = baseline;
  const channels: Omit<Channel, 'offset'>[] = [
    ...features.map(({ name, bins }, index) => ({ kind: 'feature', group: 'features', name, index, bins }) as const),
    ...outputs.map(({ name, bins }, index) => ({ kind: 'output', group: 'features', name, index, bins }) as const),
    { kind: 'error', group: 'error', name: 'reconstruction_error', index: 0, bins: error.bins },
    ...(conditional?.bins ?? []).map(
      (bins, index) =>
        ({ kind: 'conditional', group: 'conditional', name: features[index]!.name, index, bins }) as const,
    ),
  ];
  let offset = 0;
  return channels.map((channel) => {
    const placed = { ...channel, offset };
    offset += channel.bins.counts.length;
    return placed;
  });
}

/** Bins of all `channels` together. */
export function binTotal(channels: readonly Channel[]): number {
  return channels.reduce((sum, { bins }) => sum + bins.counts.length, 0);
}
