import { TooLateError } from '../overload/overload.js';

/** Work that may be in progress at the same time. More would only make each slower. */
const PLACES = 4;
/** Milliseconds after which a turn comes too late. */
const PATIENCE = 1000;

/** Long work for requests takes turns, in the order of arrival. What cannot begin within a second is refused. */
export class Turns {
  private inProgress = 0;
  private readonly waiting = new Set<() => void>();

  /** Runs `work` when its turn comes. Rejects with `OVERLOADED`, and with what `work` rejects with. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.inProgress < PLACES) this.inProgress++;
    else await this.turn();
    try {
      return await work();
    } finally {
      const [first] = this.waiting;
      // The place passes on to the first that waits.
      if (first) first();
      else this.inProgress--;
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = () => {
        clearTimeout(timer);
        this.waiting.delete(take);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.delete(take);
        reject(new TooLateError());
      }, PATIENCE);
      this.waiting.add(take);
    });
  }
}
