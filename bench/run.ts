// Runs the benchmarks one after another and writes docs/benchmarks.md: `npm run bench`. With --quick those that show a
// regression, with fewer turns and looser thresholds, and prints instead. Exits with 1 if a target is missed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const PAGE = 'docs/benchmarks.md';

interface Benchmark {
  readonly script: string;
  readonly quick: boolean;
}

const BENCHMARKS: readonly Benchmark[] = [
  { script: 'serving', quick: true },
  { script: 'serving-profile', quick: false },
  { script: 'serving-peers', quick: false },
  { script: 'formats', quick: true },
  { script: 'life-cycle', quick: true },
  { script: 'contracts', quick: true },
  { script: 'start', quick: true },
  { script: 'train-request', quick: true },
  { script: 'engines', quick: false },
  { script: 'training-peers', quick: false },
  { script: 'california', quick: false },
  { script: 'scale', quick: true },
  { script: 'memory', quick: false },
  { script: 'upload', quick: false },
];

interface Outcome {
  readonly command: string;
  readonly output: string;
  readonly skipped: string;
  readonly code: number | null;
}

const quick = process.argv.includes('--quick');
const outcomes: Outcome[] = [];
for (const benchmark of BENCHMARKS) {
  if (quick && !benchmark.quick) continue;
  const started = performance.now();
  console.error(`\n=== ${benchmark.script}`);
  const outcome = await run(benchmark);
  outcomes.push(outcome);
  console.error(
    `=== ${benchmark.script}: ${((performance.now() - started) / 1000).toFixed(0)} s, exit ${outcome.code}`,
  );
  // After each, so that a run that is interrupted leaves what it has measured.
  if (!quick) writeFileSync(PAGE, page());
}
if (quick) console.log(outcomes.map(({ output }) => output).join('\n'));
else console.error(`\n${PAGE} is written`);
for (const { command, code } of outcomes) if (code !== 0) console.error(`MISSED or failed: ${command}`);
if (outcomes.some(({ code }) => code !== 0)) process.exitCode = 1;

async function run({ script }: Benchmark): Promise<Outcome> {
  const parameters = quick ? ['--quick'] : [];
  const child = spawn(process.execPath, [fileURLToPath(new URL(`./${script}.js`, import.meta.url)), ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let skipped = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    skipped += /^.*SKIPPED.*$/m.exec(text)?.[0] ?? '';
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { command: ['node', `dist/bench/${script}.js`, ...parameters].join(' '), output, skipped, code };
}

function page(): string {
  const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  const versions = ['fastify', 'pino', 'prom-client', 'typebox', '@tensorflow/tfjs-core'].map(
    (name) => `${name} ${lockfile.packages[`node_modules/${name}`]!.version}`,
  );
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${[
    '# Benchmarks',
    'Printed by `npm run bench`; every section is the output of the command that it names.',
    `Node ${process.versions.node} (V8 ${process.versions.v8}), ${process.platform} ${release()} ${process.arch}, ` +
      `${cpus().length} × ${cpus()[0]?.model.trim()}, ${memory} GiB of memory. ${versions.join(', ')}.`,
    '## Targets and what was reached',
    targets(),
    ...outcomes.flatMap(({ command, output, skipped, code }) => [
      output.replace(/^#/gm, '##').trim() ||
        `## ${command}\n\n${skipped || `It printed nothing and ended with ${code}.`}`,
      `Command: \`${command}\``,
    ]),
    'How good the drift monitoring is, and what it costs, is in [drift-benchmark.md](drift-benchmark.md).',
  ].join('\n\n')}\n`;
}

/** What the scripts judged: lines such as `- ready after 210 ms, below 300: reached`. */
function targets(): string {
  const rows = outcomes.flatMap(({ output, command, code, skipped }) => {
    const judged = Array.from(
      output.matchAll(/^- (.*): (reached|MISSED)$/gm),
      ([, claim, verdict]) => `| ${claim} | ${verdict} |`,
    );
    if (judged.length > 0) return judged;
    return [`| \`${command}\` | ${skipped || (code === 0 ? 'ended well' : `MISSED, exit ${code}`)} |`];
  });
  return ['| target | |', '|---|---|', ...rows].join('\n');
}
