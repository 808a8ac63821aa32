import { MessageChannel, type MessagePort } from 'node:worker_threads';

let nowhere: MessagePort | undefined;

/**
 * Frees the memory of `bytes`, by the next turn of the event loop; nothing may use them any more. Does nothing if they are a part of a
 * larger buffer, or have been moved to a thread. The garbage collector would let dead buffers of tens of megabytes wait.
 *
 * A message to a closed port takes its buffers along, and goes nowhere. `ArrayBuffer.prototype.transfer` requires Node.js 22.
 */
export function freeMemory({ buffer, byteLength }: Uint8Array): void {
  if (byteLength === 0 || buffer.byteLength !== byteLength || !(buffer instanceof ArrayBuffer)) return;
  if (!nowhere) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    port1.unref();
    nowhere = port1;
  }
  nowhere.postMessage(null, [buffer]);
}
