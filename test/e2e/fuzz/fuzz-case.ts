import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { bomb, bulk, mutateBytes, mutateEncoding, mutateStructure } from './mutators/mutate-body.js';
import {
  damageHead,
  mutateFraming,
  mutateHeader,
  mutateMethod,
  mutatePath,
  mutateQuery,
  mutateVersion,
} from './mutators/mutate-head.js';
import { pick } from './mutators/pick.js';
import { type FuzzRequest, type RequestBytes, toBytes, withHeader } from './requests/fuzz-request.js';

/**
 * Ways to deliver a request: at once, in pieces, followed by another on the same connection, to a client that reads late
 * or not before it has sent everything, or with an early end at some stage.
 */
export const DELIVERIES = [
  'whole',
  'pieces',
  'pipelined',
  'slow-reader',
  'send-first',
  'half-close',
  'cut-head',
  'cut-body',
  'cut-wait',
  'cut-reply',
] as const;
export type Delivery = (typeof DELIVERIES)[number];

/** One request of a run. The seed and the index determine it. */
export interface FuzzCase {
  readonly index: number;
  readonly request: FuzzRequest;
  readonly bytes: RequestBytes;
  readonly delivery: Delivery;
  /** Where an early end or the border of two pieces lies, as a share of the bytes. */
  readonly at: number;
  /** True if an early end is a reset of the connection. */
  readonly reset: boolean;
  /** True if the bytes of the head are damaged, so that no route can be read from it. */
  readonly damaged: boolean;
}

export interface Corpus {
  /** Requests that leave the service as it is, nearly. */
  readonly common: readonly FuzzRequest[];
  /** Requests that change which model serves, or train. */
  readonly stateful: readonly FuzzRequest[];
}

/** One request in this many is stateful, has a body of megabytes, packed or not, or has a damaged head. */
const STATEFUL = 40;
const BOMB = 1500;
const BULK = 800;
const DAMAGED = 25;
/** One stateful request in this many is left as it is. */
const STATEFUL_VALID = 20;
const MAX_EPOCHS = 3;

type Mutator = (request: FuzzRequest, random: Random) => FuzzRequest;

/** Mutators by how often they are drawn. */
const MUTATORS: readonly Mutator[] = [
  ...Array<Mutator>(8).fill(mutateStructure),
  ...Array<Mutator>(3).fill(mutateBytes),
  ...Array<Mutator>(2).fill(mutateEncoding),
  ...Array<Mutator>(5).fill(mutateHeader),
  ...Array<Mutator>(2).fill(mutateFraming),
  ...Array<Mutator>(3).fill(mutatePath),
  ...Array<Mutator>(3).fill(mutateQuery),
  mutateMethod,
  mutateVersion,
];

/** Builds request `index` of the run with this seed. */
export function fuzzCase(corpus: Corpus, seed: number, index: number): FuzzCase {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) + index);
  const bulky = random.below(BULK) === 0;
  const stateful = random.below(bulky ? 2 : STATEFUL) === 0;
  const source = pick(stateful ? corpus.stateful : corpus.common, random);
  const unchanged = random.below(stateful ? STATEFUL_VALID : 8) === 0;
  let request = random.below(3) === 0 ? withHeader(source, 'Connection', 'close') : source;
  for (let i = unchanged ? 0 : 1 + random.below(3); i > 0; i--) request = pick(MUTATORS, random)(request, random);
  if (request.method === 'POST' && random.below(BOMB) === 0) request = bomb(request, random);
  const large = request.method === 'POST' && request.framing === 'length' && bulky;
  request = large ? bulk(request, random) : boundTraining(request);
  const damaged = !large && random.below(DAMAGED) === 0;
  const bytes = toBytes(request);
  const sent = damaged ? { ...bytes, head: damageHead(bytes.head, random) } : bytes;
  return {
    index,
    request: damaged ? { ...request, honest: false } : request,
    bytes: sent,
    delivery: large ? 'send-first' : random.below(10) < 6 ? 'whole' : pick(DELIVERIES, random),
    at: random.uniform(),
    reset: random.below(2) === 0,
    damaged,
  };
}

/** Keeps trainings short, so that the service stays free for others. */
function boundTraining(request: FuzzRequest): FuzzRequest {
  const [path = '', ...rest] = request.target.split('?');
  if (request.method !== 'POST' || !/train/i.test(path)) return request;
  const query = rest.join('?');
  const parts = query.split('&').filter((part) => {
    const [name, value] = part.split('=');
    const number = Number(value);
    return !(name === 'epochs' || name === 'patience') || Number.isNaN(number) || number <= MAX_EPOCHS;
  });
  const waits = /wait=/.test(query) && !parts.some((part) => /^epochs=[0-3]$/.test(part));
  return { ...request, target: `${path}?${waits ? [...parts, 'epochs=1'].join('&') : parts.join('&')}` };
}

const EARLY_ENDS: ReadonlySet<Delivery> = new Set(['half-close', 'cut-head', 'cut-body', 'cut-wait', 'cut-reply']);

/** True if the service must answer: one whole request, and a client that waits for the reply. */
export function mustAnswer({ request, delivery }: FuzzCase): boolean {
  return request.honest && !EARLY_ENDS.has(delivery);
}
