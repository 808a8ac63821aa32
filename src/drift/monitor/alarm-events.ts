import type { Steps } from '../../base/steps.js';
import type { Group } from '../rows/channels.js';
import { type AlarmEvidence, withEvidence } from './alarm-evidence.js';
import type { DriftEvent } from './alarms.js';
import type { MonitorOptions } from './monitor-options.js';

/** Emits the events of alarms in their order: that of a raised alarm once its evidence has been gathered, in steps. */
export class AlarmEvents {
  /** What each group's latest alarm was raised on. */
  readonly evidence = new Map<Group, AlarmEvidence>();
  private readonly options: Pick<MonitorOptions, 'gather' | 'onEvent'>;
  /** Alarms whose evidence is being gathered, in the order of their events. */
  private readonly gathering: { readonly event: DriftEvent; readonly steps: Steps<AlarmEvidence> }[] = [];

  constructor(options: Pick<MonitorOptions, 'gather' | 'onEvent'>) {
    this.options = options;
  }

  /** Adds the event of an alarm that is raised. `steps` gather its evidence; the first is taken at once. */
  addRaised(event: DriftEvent, steps: Steps<AlarmEvidence>): void {
    const { evidence, gathering, options } = this;
    evidence.delete(event.group);
    // Takes what later rows change, or all there is.
    const { value } = steps.next();
    if (value) evidence.set(event.group, value);
    gathering.push({ event, steps });
    if (gathering.length === 1) options.gather(() => this.step());
  }

  /** Emits an event without evidence, after those that are still to come. */
  add(event: DriftEvent): void {
    this.finish();
    this.options.onEvent(withEvidence(event, undefined));
  }

  /** Gathers all evidence, and emits the events that wait for it. */
  finish(): void {
    while (this.step());
  }

  /** Takes a step of gathering evidence, and emits the alarm's event after the last. Returns whether there are more. */
  private step(): boolean {
    const { gathering, evidence } = this;
    const [first] = gathering;
    if (!first) return false;
    const { event, steps } = first;
    let isDone = true;
    try {
      const { done, value } = steps.next();
      if (value) evidence.set(event.group, value);
      isDone = done === true;
    } finally {
      // Evidence that cannot be gathered withholds no alarm.
      if (isDone) {
        gathering.shift();
        this.options.onEvent(withEvidence(event, evidence.get(event.group)));
      }
    }
    return gathering.length > 0;
  }
}
