import type { Baseline } from '../../model/baseline/baseline.js';
import { binLevels, isCycle } from '../../model/baseline/features/watched.js';
import type { Bins } from '../../model/baseline/sketches/bins.js';

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
  /** The names of the bins of a feature with levels, which have no order. */
  readonly levels?: readonly string[] | undefined;
  /** Whether it is a cycle of a timestamp: its rows say something only if they are spread over many periods. */
  readonly isCycle?: boolean;
  /** The index of its first bin in an array of the bins of all channels. */
  readonly offset: number;
}

/** The parts of a baseline that have channels. */
type Channelled = Pick<Baseline, 'features' | 'outputs' | 'conditional'> & {
  readonly error: Pick<Baseline['error'], 'bins'>;
};

/** The channels of a baseline: features, outputs, the error, and last the conditional residuals, which some row counts leave out. */
export function channelsOf({ features, outputs, error, conditional }: Channelled): readonly Channel[] {
  const channels: Omit<Channel, 'offset'>[] = [
    ...features.map((feature, index) => {
      const { name, bins } = feature;
      const levels = binLevels(feature);
      return { kind: 'feature', group: 'features', name, index, bins, levels, isCycle: isCycle(feature) } as const;
    }),
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
