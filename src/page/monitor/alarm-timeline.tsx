import type { Drift, Point } from '../client/api.js';
import { alarmSpans } from '../parts/alarm-spans.js';
import { capital, clock } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { GROUP_NAMES } from './status.js';

interface LanesProps {
  readonly points: readonly Point[];
  readonly groups: Drift['groups'];
  /** What is shown, in milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
}

/** When the alarm of each group was on: a strip per group, on the time axis of the chart above, and its state in words. */
export function AlarmTimeline({ points, groups, start, end }: LanesProps) {
  return (
    <ul class="lanes" aria-label="Alarms">
      {groups.map(({ group, detected, since, cause }) => (
        <li key={group} class={detected ? 'raised' : undefined}>
          <p>
            <strong>{capital(GROUP_NAMES[group] ?? group)}</strong>{' '}
            {detected ? (
              <span class="state">
                ▲ alarm since {clock(since ?? end)}
                {cause ? (
                  <>
                    , first by {cause.by === 'chart' ? 'a chart' : 'a window'} of <Name of={cause.name} most={40} />
                  </>
                ) : null}
              </span>
            ) : (
              <span class="state">quiet</span>
            )}
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
    const raised = points.map(({ alarms }) => Number((alarms as readonly string[]).includes(group)));
    return alarmSpans(
      points.map(({ at }) => at / 1000),
      raised,
    );
  }

  /** Of the width, for a time in seconds. */
  function share(at: number, from = start / 1000): string {
    return `${((100_000 * (at - from)) / (end - start)).toFixed(2)}%`;
  }
}
