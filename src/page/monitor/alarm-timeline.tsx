import type { Drift, Point } from '../client/api.js';
import { alarmSpans } from '../parts/alarm-spans.js';
import { capital, clock } from '../parts/format.js';
import { GROUP_NAMES } from '../parts/group-names.js';
import { Name } from '../parts/name.js';

export interface AlarmTimelineProps {
  readonly points: readonly Point[];
  readonly groups: Drift['groups'];
  /** The time shown, in milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
}

/** The alarms of each group: a strip on the time axis of the chart above, and the current state in words. */
export function AlarmTimeline({ points, groups, start, end }: AlarmTimelineProps) {
  return (
    <ul class="alarm-timeline" aria-label="Alarms">
      {groups.map(({ group, detected, since, cause }) => (
        <li key={group} class={detected ? 'raised' : undefined}>
          <p>
            <strong>{capital(GROUP_NAMES[group] ?? group)}</strong>{' '}
            <span class="state">
              {detected ? `▲ alarm since ${clock(since ?? end)}` : 'no alarm'}
              {detected && cause ? (
                <>
                  , first raised by {cause.by === 'chart' ? 'a chart' : 'a window'} of <Name of={cause.name} max={40} />
                </>
              ) : null}
            </span>
          </p>
          <div class="strip" aria-hidden="true">
            {spansOf(group).map(([from, to]) => (
              <i key={from} style={{ left: share(from), width: `calc(${share(to, from)} + 2px)` }} />
            ))}
          </div>
        </li>
      ))}
    </ul>
  );

  function spansOf(group: string): [number, number][] {
    const times = points.map(({ at }) => at / 1000);
    const raised = points.map(({ alarms }) => Number((alarms as readonly string[]).includes(group)));
    return alarmSpans(times, raised);
  }

  /** Converts a time in seconds to a share of the width. */
  function share(at: number, from = start / 1000): string {
    return `${((100_000 * (at - from)) / (end - start)).toFixed(2)}%`;
  }
}
