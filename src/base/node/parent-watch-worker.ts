import { workerData } from 'node:worker_threads';

// The thread of exit-with-parent.ts. When a process dies, its children get another parent.

/** Milliseconds between two looks. */
const INTERVAL = 100;

const parent = workerData as number;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, INTERVAL);
