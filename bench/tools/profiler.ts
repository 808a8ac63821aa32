// Preloaded into a server: starts a CPU profile when the parent sends `profile`, and replies with it to `end`.
import { type Profiler, Session } from 'node:inspector';
import { threadCpuUsage } from './thread-cpu.js';

/** Sampling interval in microseconds. */
const INTERVAL = 500;

/** `cpu`: CPU time of the thread during the profile, in milliseconds; NaN where the system does not report it. */
export interface Profiled {
  readonly profile: Profiler.Profile;
  readonly cpu: number;
}

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: INTERVAL });
let before = 0;
process.on('message', (message) => {
  if (message === 'profile') {
    session.post('Profiler.start');
    before = threadCpuUsage();
  } else if (message === 'end') {
    const cpu = threadCpuUsage() - before;
    session.post('Profiler.stop', (error, { profile }) => {
      if (error) throw error;
      process.send?.({ profile, cpu } satisfies Profiled);
    });
  }
});
process.channel?.unref();
