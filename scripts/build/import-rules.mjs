// Writes the rules of who may import whom to import-rules.json, which the linter reads: `npm run import-rules`. With --check it
// only compares. Each line of ROOMS states one rule; docs/architecture.md draws them.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RULES_FILE = join(ROOT, 'scripts/build/import-rules.json');

/** What a room that answers requests may import. */
const ANSWERING = [
  ...['src/server/inference', 'src/server/fast-path', 'src/server/readers', 'src/server/bodies', 'src/server/http'],
  'src/server/access',
  'src/server/service',
  ...['src/drift', 'src/model', 'src/base'],
];

/** What each room may import beside itself. A room is a folder with all below it, unless a longer line names a part of it. */
const ROOMS = {
  'src/base': [],
  'src/model/columns': ['src/base'],
  'src/model/columns/notation': ['src/model/columns/*.js', 'src/base'],
  'src/model/columns/encoding': ['src/model/columns/*.js', 'src/base'],
  'src/model/columns/fitting': ['src/model/columns/encoding', 'src/model/columns/*.js', 'src/base'],
  'src/model/network': ['src/model/columns', 'src/base'],
  'src/model/intervals': ['src/model/network', 'src/base'],
  'src/model/engines': ['src/model/network', 'src/model/columns', 'src/base'],
  'src/model/tables': ['src/model/columns', 'src/base'],
  'src/model/baseline': ['src/model/columns', 'src/base'],
  'src/model/baseline/sketches': ['src/base'],
  'src/model/baseline/dependence': ['src/base'],
  'src/model/baseline/charts': ['src/model/baseline/sketches', 'src/base'],
  'src/model/baseline/errors': ['src/model/baseline/sketches', 'src/base'],
  'src/model/baseline/features': ['src/model/baseline/sketches', 'src/model/columns', 'src/base'],
  'src/model/evaluation': ['src/model/intervals', 'src/model/columns', 'src/base'],
  'src/model/versions': [
    ...['src/model/intervals', 'src/model/evaluation', 'src/model/network', 'src/model/tables', 'src/model/columns'],
    'src/model/baseline',
    'src/base',
  ],
  'src/model/explanation': ['src/model/network', 'src/model/columns', 'src/model/baseline', 'src/base'],
  'src/model/store': ['src/model/versions', 'src/base'],
  'src/model/feedback': ['src/model/tables', 'src/model/columns', 'src/base'],
  'src/model/training': [
    ...['src/model/engines', 'src/model/network', 'src/model/tables', 'src/model/baseline', 'src/model/versions'],
    ...['src/model/intervals', 'src/model/evaluation', 'src/model/columns', 'src/base'],
  ],
  'src/model/report': ['src/model/versions', 'src/model/evaluation', 'src/model/columns', 'src/base'],
  'src/model/training/scaling': [
    ...['src/model/training/gate', 'src/model/training/*.js'],
    ...['src/model/network', 'src/model/tables', 'src/model/columns', 'src/base'],
  ],
  'src/model/training/ridge': ['src/model/network', 'src/base'],
  'src/model/training/baselines': [
    ...['src/model/training/ridge', 'src/model/network', 'src/model/tables', 'src/model/versions', 'src/base'],
  ],
  'src/model/training/gate': [
    ...['src/model/network', 'src/model/tables', 'src/model/versions', 'src/model/columns', 'src/base'],
  ],
  'src/model/training/importance': [
    ...['src/model/training/*.js', 'src/model/network', 'src/model/tables', 'src/model/versions', 'src/model/columns'],
    'src/base',
  ],
  'src/drift/rows': ['src/model/baseline', 'src/model/columns', 'src/base'],
  'src/drift/counts': ['src/drift/rows', 'src/model/baseline', 'src/model/columns', 'src/base'],
  'src/drift/changes': ['src/drift/counts', 'src/drift/rows', 'src/model/baseline', 'src/model/columns', 'src/base'],
  'src/drift/window': ['src/drift/counts', 'src/drift/rows', 'src/model/baseline', 'src/model/columns', 'src/base'],
  'src/drift/guards': [
    'src/drift/window',
    'src/drift/counts',
    'src/drift/rows',
    'src/model/baseline',
    'src/model/columns',
    'src/base',
  ],
  'src/drift/dependence': [
    ...['src/drift/window', 'src/drift/counts', 'src/drift/rows', 'src/model/baseline', 'src/model/columns'],
    'src/base',
  ],
  'src/drift/monitor': ['src/drift', 'src/model/baseline', 'src/model/columns', 'src/base'],
  'src/drift/feedback': ['src/drift', 'src/model/baseline', 'src/model/columns', 'src/base'],
  'src/drift/intervals': ['src/drift/feedback', 'src/drift/monitor', 'src/base'],
  'src/client': [],
  'src/cli': ['src/server', 'src/drift', 'src/model', 'src/base'],
  'src/server/service/prediction': ['src/drift', 'src/model', 'src/base'],
  'src/server/service/drift': ['src/server/service/prediction', 'src/drift', 'src/model', 'src/base'],
  'src/server/service/versions': [
    ...['src/server/service/prediction', 'src/server/service/drift', 'src/drift', 'src/model', 'src/base'],
  ],
  'src/server/service/feedback': ['src/server/service/prediction', 'src/drift', 'src/model', 'src/base'],
  'src/server/service/training': ['src/server/service', 'src/drift', 'src/model', 'src/base'],
  'src/server/http': ['src/server/access', 'src/base'],
  'src/server/access': ['src/base'],
  'src/server/limits': ['src/server/access', 'src/base'],
  'src/server/audit': ['src/base'],
  'src/server/bodies': ['src/base'],
  'src/server/overload': ['src/base'],
  'src/server/health': ['src/server/access', 'src/server/service', 'src/base'],
  'src/server/metrics': [
    'src/server/limits',
    'src/server/audit',
    'src/server/service',
    'src/drift',
    'src/model',
    'src/base',
  ],
  'src/server/plugins': [
    ...['src/server/http', 'src/server/bodies', 'src/server/overload', 'src/server/metrics', 'src/server/service'],
    ...['src/server/access', 'src/server/limits', 'src/server/audit'],
    ...['src/model', 'src/base'],
  ],
  'src/server/readers': ['src/model/intervals', 'src/model/tables', 'src/model/columns', 'src/base'],
  'src/server/fast-path': [
    'src/server/access',
    'src/server/http',
    'src/server/bodies',
    'src/server/overload',
    'src/server/metrics',
    'src/base',
  ],
  'src/server/inference': [
    ...['src/server/readers', 'src/server/fast-path', 'src/server/http', 'src/server/bodies', 'src/server/overload'],
    'src/server/service',
    ...['src/drift', 'src/model', 'src/base'],
  ],
  'src/server/routes': ANSWERING,
  'src/server/protocols': ANSWERING,
  'src/server/protocols/open-inference': ['src/server/protocols/*.js', ...ANSWERING],
  'src/server/protocols/sagemaker': ['src/server/protocols/*.js', ...ANSWERING],
  'src/server/protocols/tensorflow-serving': ['src/server/protocols/*.js', ...ANSWERING],
  'src/server/protocols/vertex': ['src/server/protocols/*.js', ...ANSWERING],
  // SageMaker's clients speak two protocols to it.
  'src/server/protocols/invocations': ['src/server/protocols', ...ANSWERING],
  'src/server': ['src/drift', 'src/model', 'src/base'],
  'src/page': ['src/server', 'src/drift', 'src/model', 'src/base'],
};

/** Packages that only some rooms may import. */
const PACKAGES = [
  {
    group: ['fastify', 'fastify-plugin', '@fastify/**', 'prom-client'],
    rooms: ['src/server', 'src/page'],
    message: 'HTTP and metrics belong to src/server.',
  },
  {
    group: ['@tensorflow/**'],
    rooms: ['src/model/engines/tfjs'],
    message: 'TensorFlow.js belongs to src/model/engines/tfjs.',
  },
];

/** The rules as a configuration of the linter, a folder a line. */
function importRules() {
  return `{"overrides": [\n${folders('src')
    .map((folder) => JSON.stringify(override(folder)))
    .join(',\n')}\n]}\n`;
}

/** @param {string} folder */
function override(folder) {
  const room = /** @type {keyof typeof ROOMS} */ (longest(Object.keys(ROOMS), folder));
  if (!room) throw new Error(`${folder} belongs to no room: name it, or the room that it lies in, in import-rules.mjs`);
  const allowed = [room, ...ROOMS[room]];
  const patterns = [
    {
      group: group(folder, allowed),
      message: `Beside itself, ${room} may import only ${ROOMS[room].join(', ') || 'packages'} (scripts/build/import-rules.mjs).`,
    },
    ...PACKAGES.filter(({ rooms }) => !longest(rooms, folder)).map(({ group, message }) => ({ group, message })),
  ];
  return {
    includes: [`${folder}/*`],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options: { patterns } } } } },
  };
}

/**
 * Patterns of the imports that are refused, then of those that are allowed after all, from near to far: the last one that
 * matches counts, and `../**` matches `../../x` as well.
 *
 * @param {string} folder
 * @param {string[]} allowed
 */
function group(folder, allowed) {
  const targets = allowed.map((target) => posix.relative(folder, target) || '.');
  const patterns = [];
  for (let up = '../'; up.length <= 3 * folder.split('/').length; up += '../') {
    patterns.push(`${up}**`);
    for (const target of targets) {
      const path = target.endsWith('.js') ? target : `${target}/**`;
      if (path.startsWith(up) && !path.startsWith(`${up}../`)) patterns.push(`!${path}`);
    }
  }
  return patterns;
}

/**
 * The longest of `rooms` that a folder lies in.
 *
 * @param {string[]} rooms
 * @param {string} folder
 */
function longest(rooms, folder) {
  return rooms
    .filter((room) => folder === room || folder.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

/**
 * All folders of sources below a folder, with itself.
 *
 * @param {string} folder
 * @returns {string[]}
 */
function folders(folder) {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  const below = entries.filter((entry) => entry.isDirectory() && entry.name !== 'assembly');
  const has = entries.some((entry) => /\.tsx?$/.test(entry.name));
  return [...(has ? [folder] : []), ...below.flatMap(({ name }) => folders(`${folder}/${name}`))].sort();
}

const rules = importRules();
if (process.argv[2] !== '--check') writeFileSync(RULES_FILE, rules);
else if (readFileSync(RULES_FILE, 'utf8') !== rules) {
  console.error('import-rules.json is not what import-rules.mjs writes: npm run import-rules');
  process.exitCode = 1;
}
