import type { Epoch } from './metrics.js';

/** Maximum epochs that a card or an ended job lists: a curve needs no more, and a training may have a hundred times as many. */
export const MAX_HISTORY = 1000;

/** Returns at most `MAX_HISTORY` epochs, evenly spaced, with the first, the last and the best. */
export function thinHistory(history: readonly Epoch[]): Epoch[] {
  if (history.length <= MAX_HISTORY) return [...history];
  const best = history.reduce((a, b) => (b.val_prediction_error < a.val_prediction_error ? b : a));
  const step = (history.length - 1) / (MAX_HISTORY - 2);
  const spaced = Array.from({ length: MAX_HISTORY - 1 }, (_, i) => history[Math.round(i * step)]!);
  return Array.from(new Set([...spaced, best])).sort((a, b) => a.epoch - b.epoch);
}
