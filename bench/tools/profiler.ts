// Loaded into a server before its own code: begins a CPU profile when its parent says `profile`, and sends it at `end`.
import { type Profiler, Session } from 'node:inspector';
import { threadCpuUsage } from './thread-cpu.js';

/** Microseconds from one sample to the next. */
const INTERVAL = 500;

/** `cpu`: milliseconds of processor time of the thread meanwhile; NaN where the system does not tell. */
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
