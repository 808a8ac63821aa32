import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OPEN_INFERENCE, type PeerContract, PREDICT, predict, TORCHSERVE } from './peer-contract.js';

/** Another model server: how to install, start and query it. */
export interface Peer {
  readonly name: string;
  readonly contract: PeerContract;
  /** A required program that pip does not provide. */
  readonly program?: string;
  /** Names of its Python packages. */
  readonly packages: readonly string[];
  /** A Python environment of its own, for packages that conflict with those of other peers. */
  readonly environment?: string;
  /** The program of the environment and its arguments, for the directory of a version and a port. */
  readonly command: (version: string, port: number) => readonly [program: string, ...args: string[]];
  /** Minimum throughput of the service relative to the peer, at one row and many connections. */
  readonly target?: number;
}

const ONNX = ['numpy', 'onnx', 'onnxruntime'];
const FASTAPI = ['fastapi', 'uvicorn', 'uvloop', 'httptools'];

export const PEERS: readonly Peer[] = [
  {
    name: 'FastAPI + Keras, tuned',
    packages: [...FASTAPI, 'keras', 'tensorflow-cpu'],
    contract: PREDICT,
    command: (version, port) => ['python', 'fastapi_server.py', 'keras', version, String(port)],
    target: 50,
  },
  {
    name: 'FastAPI + Keras, defaults',
    packages: [...FASTAPI, 'keras', 'tensorflow-cpu'],
    contract: PREDICT,
    command: (version, port) => ['python', 'fastapi_server.py', 'keras-defaults', version, String(port)],
    target: 50,
  },
  {
    name: 'FastAPI + ONNX Runtime',
    packages: [...FASTAPI, ...ONNX],
    contract: PREDICT,
    command: (version, port) => ['python', 'fastapi_server.py', 'onnx', version, String(port)],
    target: 6,
  },
  {
    name: 'LitServe + ONNX Runtime',
    packages: ['litserve', ...ONNX],
    contract: PREDICT,
    command: (version, port) => ['python', 'litserve_server.py', version, String(port)],
  },
  {
    name: 'MLServer + ONNX Runtime',
    packages: ['mlserver', ...ONNX],
    environment: 'peers-mlserver',
    contract: PREDICT,
    command: (version, port) => ['python', 'mlserver_server.py', version, String(port)],
  },
  {
    name: 'BentoML + ONNX Runtime',
    packages: ['bentoml', ...ONNX],
    contract: PREDICT,
    command: (_version, port) => ['bentoml', 'serve', 'bentoml_service:Regressor', '--port', String(port)],
  },
  {
    name: 'Ray Serve + ONNX Runtime',
    packages: ['ray[serve]', ...ONNX],
    contract: PREDICT,
    command: (version, port) => ['python', 'ray_server.py', version, String(port)],
  },
  {
    name: 'TorchServe + PyTorch',
    packages: ['torchserve', 'torch-model-archiver', 'torch', 'numpy'],
    program: 'java',
    contract: TORCHSERVE,
    command: (version, port) => ['python', 'torchserve_server.py', version, String(port)],
  },
  {
    name: 'Triton (PyTriton) + ONNX Runtime',
    packages: ['nvidia-pytriton', ...ONNX],
    environment: 'peers-triton',
    contract: OPEN_INFERENCE,
    command: (version, port) => ['python', 'triton_server.py', version, String(port)],
  },
];

const SOURCES = fileURLToPath(new URL('../../../bench/peers', import.meta.url));
/** Ignored by git; the next run reuses it. */
const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));
const ENVIRONMENT = 'peers';
/** In milliseconds: importing TensorFlow takes seconds, starting the processes of Ray tens of seconds. */
const START_TIMEOUT = 120_000;
/** In milliseconds: Triton takes five seconds to exit and remove its files, and longer on a busy machine. */
const STOP_TIMEOUT = 30_000;

/** Installs the dependencies of a peer. Returns why that is not possible, or undefined. */
export function installPeer({ program, packages, environment }: Peer): string | undefined {
  const { error } = program ? spawnSync(program, ['--version']) : {};
  return error ? `it needs ${program}: ${error.message}` : install(packages, environment);
}

/** Installs Python packages. Returns why that is not possible, or undefined. */
export function install(packages: readonly string[], environment = ENVIRONMENT): string | undefined {
  if (!existsSync(programOf('python', environment))) {
    const made = spawnSync('python3', ['-m', 'venv', join(CACHE, environment)], { encoding: 'utf8' });
    if (made.error || made.status !== 0) return `no Python environment: ${made.error?.message ?? made.stderr.trim()}`;
  }
  process.stderr.write(`installing ${packages.join(', ')}\n`);
  const args = ['install', '--quiet', '--no-input', '--disable-pip-version-check', ...packages];
  const { status, stderr } = spawnSync(programOf('pip', environment), args, { encoding: 'utf8' });
  return status === 0 ? undefined : `pip: ${stderr.trim().split('\n').at(-1)}`;
}

/** Returns the installed versions of packages, such as `keras 3.15.0`. */
export function versionsOf(packages: readonly string[], environment = ENVIRONMENT): string {
  const names = new Set(packages.map((name) => name.replace(/\[.*/, '')));
  const { stdout } = spawnSync(programOf('pip', environment), ['list', '--format=json'], { encoding: 'utf8' });
  const installed = JSON.parse(stdout) as { name: string; version: string }[];
  const known = new Map(installed.map(({ name, version }) => [name.toLowerCase().replaceAll('_', '-'), version]));
  return Array.from(names, (name) => `${name} ${known.get(name) ?? '?'}`).join(', ');
}

/** Returns the program and arguments that run a script of bench/peers in the environment. */
export function pythonScript([script, ...args]: readonly [string, ...string[]]): [program: string, args: string[]] {
  return [programOf('python'), [join(SOURCES, script), ...args]];
}

/** Starts a peer on a free port and waits for a prediction. Rejects if the peer exits or does not respond. */
export async function startPeer(peer: Peer, version: string): Promise<{ process: ChildProcess; port: number }> {
  const port = await freePort();
  const [program, ...args] = peer.command(version, port);
  const child = spawn(programOf(program, peer.environment), args, {
    cwd: SOURCES,
    env: { ...process.env, VERSION: version },
    stdio: ['ignore', 'ignore', 'inherit'],
    // Its own process group: some peers start processes that survive a signal to the first one.
    detached: true,
  });
  // They would also outlive this process.
  const endWithThis = () => signalGroup(child, 'SIGTERM');
  process.once('exit', endWithThis);
  child.once('exit', () => process.off('exit', endWithThis));
  const deadline = Date.now() + START_TIMEOUT;
  while (child.exitCode === null && Date.now() < deadline) {
    const answered = await predict({ port, contract: peer.contract }, 1).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answered) return { process: child, port };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await stopPeer(child);
  throw new Error(`${peer.name} did not respond`);
}

/** Stops a peer and the processes that it started. */
export async function stopPeer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_TIMEOUT);
  await ended;
  clearTimeout(timer);
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  // The process may have exited, or may never have started.
  if (pid !== undefined) {
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function programOf(name: string, environment = ENVIRONMENT): string {
  return join(CACHE, environment, 'bin', name);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
