// Runs the benchmarks in sequence and writes docs/benchmarks.md: `npm run bench`. With --quick, runs only those that detect
// regressions, with fewer turns and looser thresholds, and prints the result. Exits with 1 if a target is missed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const PAGE = 'docs/benchmarks.md';

interface Benchmark {
  /** Path below this directory, without its extension. */
  readonly script: string;
  readonly quick: boolean;
}

const BENCHMARKS: readonly Benchmark[] = [
  { script: 'serving/serving', quick: true },
  { script: 'serving/serving-profile', quick: false },
  { script: 'serving/serving-peers', quick: false },
  { script: 'serving/formats', quick: true },
  { script: 'serving/mixed-rows', quick: true },
  { script: 'serving/life-cycle', quick: true },
  { script: 'serving/overload', quick: true },
  { script: 'serving/protocols', quick: true },
  { script: 'serving/credentials', quick: true },
  { script: 'serving/start', quick: true },
  { script: 'training/train-request', quick: true },
  { script: 'training/engines', quick: false },
  { script: 'training/training-peers', quick: false },
  { script: 'training/california', quick: false },
  { script: 'training/scale', quick: true },
  { script: 'training/memory', quick: false },
  { script: 'serving/upload', quick: false },
  { script: 'predict/file-prediction', quick: false },
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
  // Written after each benchmark, so that an interrupted run keeps its results.
  if (!quick) writeFileSync(PAGE, page());
}
if (quick) console.log(outcomes.map(({ output }) => output).join('\n'));
else console.error(`\nwrote ${PAGE}`);
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
    'Printed by `npm run bench`. Each section is the output of the command named below it.',
    `Node ${process.versions.node} (V8 ${process.versions.v8}), ${process.platform} ${release()} ${process.arch}, ` +
      `${cpus().length} × ${cpus()[0]?.model.trim()}, ${memory} GiB of memory. ${versions.join(', ')}.`,
    '## Targets',
    targets(),
    ...outcomes.flatMap(({ command, output, skipped, code }) => [
      output.replace(/^#/gm, '##').trim() ||
        `## ${command}\n\n${skipped || `The command printed nothing and exited with ${code}.`}`,
      `Command: \`${command}\``,
    ]),
    'See [drift-benchmark.md](drift-benchmark.md) for the accuracy and cost of drift monitoring.',
  ].join('\n\n')}\n`;
}

/** Collects the verdicts of all scripts, in lines such as `- ready after 210 ms, below 300: reached`. */
function targets(): string {
  const rows = outcomes.flatMap(({ output, command, code, skipped }) => {
    const judged = Array.from(
      output.matchAll(/^- (.*): (reached|MISSED)$/gm),
      ([, claim, verdict]) => `| ${claim} | ${verdict} |`,
    );
    if (judged.length > 0) return judged;
    return [`| \`${command}\` | ${skipped || (code === 0 ? 'succeeded' : `MISSED, exit ${code}`)} |`];
  });
  return ['| target | |', '|---|---|', ...rows].join('\n');
}
