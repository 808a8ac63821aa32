// Preloaded into the service by tests: takes all file descriptors at the message `take`, and frees them at `free`.
import { closeSync, openSync } from 'node:fs';

let taken: number[] = [];

process.on('message', (message: 'take' | 'free') => {
  if (message === 'take') takeAll();
  else {
    for (const descriptor of taken) closeSync(descriptor);
    taken = [];
  }
  process.send?.('done');
});
process.channel?.unref();

function takeAll(): void {
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // None is left.
  }
}
