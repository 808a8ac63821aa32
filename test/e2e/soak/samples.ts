import { readdirSync, readFileSync } from 'node:fs';

/** What is measured at one time. */
export interface Sample {
  /** Minutes since the start. */
  readonly minute: number;
  /** Resident memory of the process, in bytes. */
  readonly rss: number;
  /** The same with the processes that it started. */
  readonly tree: number;
  /** Memory of buffers outside of V8's heap, in bytes. */
  readonly external: number;
  readonly handles: number;
  readonly descriptors: number;
  /** Files of the store and the feedback. */
  readonly files: number;
}

/** Measures the service by its own metrics and, on Linux, by its processes. */
export async function takeSample(port: number, pid: number, directory: string, minute: number): Promise<Sample> {
  const text = await readMetrics(port);
  const sumOf = (name: string) =>
    Array.from(text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))).reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  return {
    minute,
    rss: sumOf('process_resident_memory_bytes'),
    tree: memoryOf(pid),
    external: sumOf('nodejs_external_memory_bytes'),
    handles: sumOf('nodejs_active_handles'),
    descriptors: sumOf('process_open_fds'),
    files: readdirSync(directory, { recursive: true }).length,
  };
}

/** The version of Node that runs the service. */
export async function nodeVersion(port: number): Promise<string> {
  return /^nodejs_version_info\{version="v([^"]+)"/m.exec(await readMetrics(port))?.[1] ?? 'unknown';
}

async function readMetrics(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

/** Resident memory of a process and of all that it started, in bytes; 0 where it cannot be read. */
function memoryOf(pid: number): number {
  const own = 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.reduce((sum, child) => sum + memoryOf(child), own);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
