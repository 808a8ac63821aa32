import type { Random } from '../../../../src/base/statistics/random.js';
import { HOSTILE_JSON, HOSTILE_KEYS } from './hostile-values.js';
import { pick } from './pick.js';

/** A JSON value that may repeat keys and hold tokens that are not JSON. The keys of an array's items are not written. */
type Node = string | Parent;
interface Parent {
  readonly isArray: boolean;
  items: [key: string, value: Node][];
}

const MAX_REPEATS = 300;
const MAX_DEPTH = 3000;

/** Changes the structure of a JSON text in one place. Returns undefined if the text is not JSON, or nested too deeply. */
export function mutateJson(text: string, random: Random): string | undefined {
  try {
    const root = nodeOf(JSON.parse(text));
    const parents = parentsIn(root);
    if (parents.length === 0 || random.below(20) === 0) return pick(HOSTILE_JSON, random);
    if (random.below(20) === 0) return nested(text, random);
    const parent = pick(parents, random);
    parent.items = mutated(parent, random);
    return write(root);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function mutated({ items }: Parent, random: Random): Parent['items'] {
  const at = random.below(items.length);
  const [key, value] = items[at] ?? [pick(HOSTILE_KEYS, random), '1'];
  switch (random.below(9)) {
    case 0:
      return [...items, [pick(HOSTILE_KEYS, random), pick(HOSTILE_JSON, random)]];
    case 1:
      return items.toSpliced(at, 1);
    case 2: {
      const copies = 1 + random.below(random.below(10) === 0 ? MAX_REPEATS : 3);
      return [...items, ...Array.from({ length: copies }, () => [key, value] as [string, Node])];
    }
    case 3:
      return items.toSpliced(at, 1, [key, nested(write(value), random)]);
    case 4:
      return items.toSpliced(at, 1, [key, otherType(value)]);
    case 5:
      return items.toSpliced(at, 1, [pick(HOSTILE_KEYS, random), value]);
    case 6:
      return items.toReversed();
    default:
      return items.toSpliced(at, 1, [key, pick(HOSTILE_JSON, random)]);
  }
}

/** An array becomes an object, a number a string, and the like. */
function otherType(node: Node): Node {
  if (typeof node !== 'string') return { ...node, isArray: !node.isArray };
  return node.startsWith('"') ? `[${node}]` : JSON.stringify(node);
}

/** Nests a value, mostly a little, sometimes deeper than a recursive reader can follow. */
function nested(text: string, random: Random): string {
  const depth = random.below(4) === 0 ? random.below(MAX_DEPTH) : 1 + random.below(3);
  return random.below(2) === 0
    ? `${'['.repeat(depth)}${text}${']'.repeat(depth)}`
    : `${'{"a":'.repeat(depth)}${text}${'}'.repeat(depth)}`;
}

function nodeOf(value: unknown): Node {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return { isArray: Array.isArray(value), items: Object.entries(value).map(([key, each]) => [key, nodeOf(each)]) };
}

function parentsIn(node: Node): Parent[] {
  return typeof node === 'string' ? [] : [node, ...node.items.flatMap(([, value]) => parentsIn(value))];
}

function write(node: Node): string {
  if (typeof node === 'string') return node;
  if (node.isArray) return `[${node.items.map(([, value]) => write(value)).join(',')}]`;
  return `{${node.items.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',')}}`;
}
