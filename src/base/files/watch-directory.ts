import { type FSWatcher, watch } from 'node:fs';

/**
 * Calls `onChange` when names in a directory change, and every `interval` milliseconds anyway: network file systems tell
 * nothing of what other hosts do, and the directory may come into being, or be replaced, later. Returns what ends it.
 */
export function watchDirectory(directory: string, onChange: () => void, interval: number): () => void {
  let watcher: FSWatcher | undefined;
  const listen = () => {
    try {
      watcher = watch(directory, { persistent: false }, onChange);
      watcher.on('error', forget);
    } catch {
      // It is not there, or nothing more can be watched: the next look tries again.
    }
  };
  const forget = () => {
    watcher?.close();
    watcher = undefined;
  };
  const timer = setInterval(() => {
    if (!watcher) listen();
    onChange();
  }, interval).unref();
  listen();
  return () => {
    clearInterval(timer);
    forget();
  };
}
