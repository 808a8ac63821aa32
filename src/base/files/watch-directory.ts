import { type FSWatcher, watch } from 'node:fs';

/**
 * Calls `onChange` when names in a directory change, and every `interval` milliseconds anyway: network file systems do not
 * report changes by other hosts, and the directory may be created or replaced later. Returns a function that stops watching.
 */
export function watchDirectory(directory: string, onChange: () => void, interval: number): () => void {
  let watcher: FSWatcher | undefined;
  const listen = () => {
    try {
      watcher = watch(directory, { persistent: false }, onChange);
      watcher.on('error', stop);
    } catch {
      // It does not exist, or the limit of watches is reached: the next interval tries again.
    }
  };
  const stop = () => {
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
    stop();
  };
}
