/** Milliseconds for which long work may hold the event loop: too short for other requests to notice. */
const SLICE_MILLISECONDS = 4;

const waiting: (() => void)[] = [];

/**
 * Long work that yields to the event loop. Between its parts it awaits `yieldIfOver`, which lets the event loop run once
 * the time slice is over. Of all such work only one part runs per turn of the event loop, so that many large requests
 * together delay the others no more than one does.
 */
export class TimeSlice {
  private start = performance.now();

  async yieldIfOver(): Promise<void> {
    if (performance.now() - this.start < SLICE_MILLISECONDS) return;
    await nextTurn();
    this.start = performance.now();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(resumeFirst);
  });
}

function resumeFirst(): void {
  waiting.shift()!();
  if (waiting.length > 0) setImmediate(resumeFirst);
}
