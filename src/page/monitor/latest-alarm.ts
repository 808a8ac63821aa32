import type { Drift } from '../client/api.js';

type Group = Drift['groups'][number];

/** A group whose alarm is on, with what it was raised on. */
export type Alarm = Group & { readonly evidence: NonNullable<Group['evidence']> };

/** The alarm that was raised last: its evidence has the most rows of the change. Undefined without an alarm. */
export function latestAlarm(drift: Drift | null): Alarm | undefined {
  const raised = (drift?.groups ?? []).filter((group): group is Alarm => group.detected && group.evidence !== null);
  return raised.reduce<Alarm | undefined>(
    (latest, one) => (latest && (latest.since ?? 0) >= (one.since ?? 0) ? latest : one),
    undefined,
  );
}
