import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, OPEN_INFERENCE, type PeerContract, PREDICT, TORCHSERVE } from './peer-contract.js';

/** Other people's software: how each is installed, started and asked. */
export interface Peer {
  readonly name: string;
  readonly contract: PeerContract;
  /** A program that it needs and pip does not have. */
  readonly program?: string;
  /** Names of its Python packages. */
  readonly packages: readonly string[];
  /** Of the peer alone, if its packages want older ones than the others do. */
  readonly environment?: string;
  /** Program of the environment, and its arguments, for a version's directory and a port. */
  readonly command: (version: string, port: number) => readonly [program: string, ...args: string[]];
  /** Throughput that the service shall have at least, in the peer's, at one row and many connections. */
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
/** Ignored by git, and kept for the next run. */
const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));
const ENVIRONMENT = 'peers';
/** TensorFlow takes seconds to be imported, Ray's processes tens of them, in milliseconds. */
const START_TIMEOUT = 120_000;
/** Triton takes five seconds to end and remove its files, and longer on a busy machine. */
const STOP_TIMEOUT = 30_000;

/** Installs what a peer needs. Returns why it cannot be had, or undefined. */
export function installPeer({ program, packages, environment }: Peer): string | undefined {
  const { error } = program ? spawnSync(program, ['--version']) : {};
  return error ? `it needs ${program}: ${error.message}` : install(packages, environment);
}

/** Installs Python packages. Returns why they cannot be had, or undefined. */
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

/** What pip knows of packages, such as `keras 3.15.0`. */
export function versionsOf(packages: readonly string[], environment = ENVIRONMENT): string {
  const names = new Set(packages.map((name) => name.replace(/\[.*/, '')));
  const { stdout } = spawnSync(programOf('pip', environment), ['list', '--format=json'], { encoding: 'utf8' });
  const installed = JSON.parse(stdout) as { name: string; version: string }[];
  const known = new Map(installed.map(({ name, version }) => [name.toLowerCase().replaceAll('_', '-'), version]));
  return Array.from(names, (name) => `${name} ${known.get(name) ?? '?'}`).join(', ');
}

/** The program and arguments that run a script of bench/peers in the environment. */
export function pythonScript([script, ...args]: readonly [string, ...string[]]): [program: string, args: string[]] {
  return [programOf('python'), [join(SOURCES, script), ...args]];
}

/** Starts a peer on a free port, and waits until it predicts. Rejects if it ends or stays silent. */
export async function startPeer(peer: Peer, version: string): Promise<{ process: ChildProcess; port: number }> {
  const port = await freePort();
  const [program, ...args] = peer.command(version, port);
  const child = spawn(programOf(program, peer.environment), args, {
    cwd: SOURCES,
    env: { ...process.env, VERSION: version },
    stdio: ['ignore', 'ignore', 'inherit'],
    // A group of its own: some start processes that outlive a signal to the first.
    detached: true,
  });
  // So they outlive this process as well, if nobody ends them.
  const endWithThis = () => signalGroup(child, 'SIGTERM');
  process.once('exit', endWithThis);
  child.once('exit', () => process.off('exit', endWithThis));
  const deadline = Date.now() + START_TIMEOUT;
  while (child.exitCode === null && Date.now() < deadline) {
    const answered = await ask({ port, contract: peer.contract }, 1).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answered) return { process: child, port };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await stopPeer(child);
  throw new Error(`${peer.name} did not answer`);
}

/** Ends a peer and what it started. */
export async function stopPeer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_TIMEOUT);
  await ended;
  clearTimeout(timer);
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  // It may have ended, or never begun.
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
