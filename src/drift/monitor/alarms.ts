import { GROUPS, type Group } from '../rows/channels.js';
import { type Cause, Latch, type LatchState } from './latch.js';

export interface DriftEvent {
  readonly type: 'raised' | 'cleared';
  readonly group: Group;
  readonly at: number;
  readonly cause: Cause | null;
}

/** A latch per group, and who hears of its changes. */
export class Alarms {
  private readonly latches: Record<Group, Latch>;
  private readonly onEvent: (event: DriftEvent) => void;

  constructor(onEvent: (event: DriftEvent) => void) {
    this.latches = { features: new Latch(), guards: new Latch(), error: new Latch(), conditional: new Latch() };
    this.onEvent = onEvent;
  }

  of(group: Group): LatchState {
    return this.latches[group].state;
  }

  raise(group: Group, now: number, cause: Cause): void {
    if (this.latches[group].raise(now, cause)) this.tell('raised', group, now);
  }

  /** Takes note of a window that was `quiet` for the group or not. */
  settle(group: Group, now: number, quiet: boolean): void {
    if (this.latches[group].settle(now, quiet)) this.tell('cleared', group, now);
  }

  /** Switches all off. */
  clear(now: number): void {
    for (const group of GROUPS) {
      if (!this.of(group).detected) continue;
      this.latches[group].clear(now);
      this.tell('cleared', group, now);
    }
  }

  /** One per group, in the order of `GROUPS`. */
  state(): LatchState[] {
    return GROUPS.map((group) => this.of(group));
  }

  restore(state: readonly LatchState[]): void {
    GROUPS.forEach((group, i) => {
      this.latches[group].restore(state[i]!);
    });
  }

  private tell(type: DriftEvent['type'], group: Group, at: number): void {
    this.onEvent({ type, group, at, cause: this.of(group).cause });
  }
}
