import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import type { Repeats } from '../counts/repeats.js';
import { type Channel, GROUPS } from '../rows/channels.js';
import { type Dependence, LEARNED_ANEW, ORDERS } from './dependence.js';

/** What is known of rows that depend on each other. */
export const DependenceReport = Type.Object({
  order: Type.Enum([...ORDERS], {
    description:
      '`unknown` until 17 windows have been compared; `within_window`: windows can distinguish drift from the order of the ' +
      'rows, charts cannot; `longer_than_window`: neither can',
  }),
  cannot_tell: nullable(
    Type.String({ description: 'why some channels raise no alarm, and what to do about it; null if there are none' }),
  ),
  channels: Type.Array(
    Type.Object({
      kind: Type.String(),
      name: Type.String(),
      group: Type.Enum([...GROUPS]),
      windows: Type.Boolean({ description: 'whether tests of windows decide' }),
      charts: Type.Boolean({ description: 'whether the charts decide' }),
    }),
    {
      description:
        'the channels of which the window tests or the charts cannot distinguish drift from the order of the rows',
    },
  ),
  since: Type.Number({ description: 'dependence is learned from rows since then; milliseconds since the epoch' }),
  learned_anew: Type.Enum([...LEARNED_ANEW], { description: 'why it is not learned from earlier rows' }),
  repeated_rows: Type.Integer({
    minimum: 0,
    description: 'rows that repeated one of the 64 rows before them. They are not counted',
  }),
  repeated_share: Type.Number({ description: 'their share among the latest 200 rows or so' }),
  repeats: nullable(Type.String({ description: 'the share in words if it is above 30 %' })),
});
export type DependenceReport = Static<typeof DependenceReport>;

/** Shares of repeats that are mentioned in words. */
const MANY_REPEATS = 0.3;

export function reportDependence(
  dependence: Dependence,
  repeats: Repeats,
  channels: readonly Channel[],
  windowRows: number,
): DependenceReport {
  const { order, since, learnedAnew } = dependence;
  const unable = channels.flatMap(({ kind, name, group }, c) => {
    const [windows, charts] = [Number.isFinite(dependence.windows[c]!), dependence.chartTells(c)];
    return windows && charts ? [] : [{ kind, name, group, windows, charts }];
  });
  return {
    order,
    cannot_tell: explain(unable, windowRows),
    channels: unable,
    since,
    learned_anew: learnedAnew,
    repeated_rows: repeats.found,
    repeated_share: repeats.share,
    repeats:
      repeats.share > MANY_REPEATS
        ? `${Math.round(100 * repeats.share)} % of recent rows repeat one of the ${repeats.distance} rows before them: ` +
          'retries, or a client that sends the same row again and again. Repeats are not counted.'
        : null,
  };
}

function explain(unable: DependenceReport['channels'], windowRows: number): string | null {
  if (unable.some(({ windows }) => !windows)) {
    return (
      'cannot be decided: rows come in an order longer than a window. Send rows in random order, or set DRIFT_WINDOW_ROWS ' +
      `(now ${windowRows}) to the rows of a whole order, such as a day. If the order is gone, reset drift monitoring.`
    );
  }
  if (unable.length === 0) return null;
  return (
    'the charts do not decide: rows come in an order shorter than a window. Windows do, and raise alarms when they ' +
    'are full. Send rows in random order to have alarms sooner.'
  );
}
