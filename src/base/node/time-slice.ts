/** Long work has the event loop for so many milliseconds at a time: less than what anybody else notices. */
const SLICE_MILLISECONDS = 4;

const waiting: (() => void)[] = [];

/**
 * Long work that gives way: between its parts it asks for `next`, which lets the event loop turn if a slice of time is
 * over. Of all such work one part runs per turn, so that many large requests together delay the others no more than one.
 */
export class TimeSlice {
  private since = performance.now();

  async yieldIfOver(): Promise<void> {
    if (performance.now() - this.since < SLICE_MILLISECONDS) return;
    await turn();
    this.since = performance.now();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(serve);
  });
}

function serve(): void {
  waiting.shift()!();
  if (waiting.length > 0) setImmediate(serve);
}
