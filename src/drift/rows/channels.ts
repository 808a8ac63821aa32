import type { Baseline } from '../../model/baseline/baseline.js';
import type { Bins } from '../../model/baseline/bins.js';

/** Groups of channels and tests. Each has its share of the false alarms. */
export const GROUPS = ['features', 'guards', 'error', 'conditional'] as const;
export type Group = (typeof GROUPS)[number];

/** A number of a row that is compared with the baseline. */
export interface Channel {
  readonly kind: 'feature' | 'output' | 'error' | 'conditional';
  /** The name of the feature or target; `reconstruction_error` for the error. */
  readonly name: string;
  /** The index of the feature or output. */
  readonly index: number;
  readonly group: Group;
  readonly bins: Bins;
  /** The index of its first bin in an array of the bins of all channels. */
  readonly offset: number;
}

/** The channels of a baseline: features, outputs, the error, and last the conditional residuals, which some row counts leave out. */
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

/** The total number of bins of `channels`. */
export function binTotal(channels: readonly Channel[]): number {
  return channels.reduce((sum, { bins }) => sum + bins.counts.length, 0);
}
