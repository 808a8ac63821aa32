import { Compile } from 'typebox/compile';
import { DomainError, show } from '../../base/domain-error.js';
import { Baseline } from './baseline.js';
import { channelBins } from './channel-bins.js';
import { type Bins, sumOf } from './sketches/bins.js';
import type { OrderedSample } from './sketches/ordered-sample.js';

/** Compiled, because a baseline has tens of thousands of numbers: interpreting the schema would block the event loop for 30 ms or more. */
const validator = Compile(Baseline);

/**
 * Reads a baseline from JSON text. Throws `INVALID_BASELINE`, with the place, what was expected, and what was found, if any part is
 * missing, has a length that does not fit the others, is out of order, or is not a finite number.
 */
export function readBaseline(json: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new DomainError('INVALID_BASELINE', 'baseline.json: not JSON', { cause });
  }
  if (!validator.Check(value)) {
    const [first] = validator.Errors(value);
    throw invalid(first?.instancePath ?? '', first?.message ?? 'not a baseline');
  }
  const { rows, features, outputs, error, conditional } = value;
  features.forEach(({ name, bins, min, max, missing, deviation, grid, watched }, j) => {
    const place = `/features/${j}`;
    checkBins(bins, rows - missing, `${place}/bins`);
    check(missing <= rows, `${place}/missing`, `at most ${rows}`, missing);
    check(min <= max, `${place}/min`, `at most ${max}`, min);
    check(deviation >= 0, `${place}/deviation`, 'at least 0', deviation);
    checkOrder(grid.values, `${place}/grid/values`);
    checkLength(grid.scores, grid.values.length, `${place}/grid/scores`);
    if (watched?.type === 'timestamp') {
      const before = features[j - 1]?.watched;
      const follows = before?.type === 'timestamp' && before.feature === watched.feature;
      check(
        watched.cycle === null ? watched.feature === name : follows,
        `${place}/watched`,
        'its timestamp before it',
        name,
      );
    } else if (watched) {
      const { codes, levels } = watched;
      checkLength(codes, levels.length, `${place}/watched/codes`);
      const all = new Set(codes.filter((code) => code < levels.length)).size;
      check(all === levels.length, `${place}/watched/codes`, 'each code once', codes);
      check(
        bins.counts.length <= levels.length + 1,
        `${place}/bins`,
        'at most one bin per level and a new one',
        bins.counts.length,
      );
    }
  });
  outputs.forEach(({ bins, deviation, grid, targets }, j) => {
    checkBins(bins, rows, `/outputs/${j}/bins`);
    if (grid) {
      checkOrder(grid.values, `/outputs/${j}/grid/values`);
      checkLength(grid.scores, grid.values.length, `/outputs/${j}/grid/scores`);
    }
    if (targets) check(targets.min <= targets.max, `/outputs/${j}/targets/min`, `at most ${targets.max}`, targets.min);
    check(deviation >= 0, `/outputs/${j}/deviation`, 'at least 0', deviation);
  });
  checkBins(error.bins, rows, '/error/bins');
  checkSample(error.sample, rows, '/error/sample');
  if (conditional) {
    const { mean, precision, bins, distances } = conditional;
    const d = features.length;
    checkLength(mean, d, '/conditional/mean');
    checkLength(precision, d * d, '/conditional/precision');
    for (let j = 0; j < d; j++) {
      const diagonal = precision[j * d + j]!;
      check(diagonal > 0, `/conditional/precision/${j * d + j}`, 'a diagonal above 0', diagonal);
    }
    checkLength(bins, d, '/conditional/bins');
    bins.forEach((each, j) => {
      checkBins(each, rows - features[j]!.missing, `/conditional/bins/${j}`);
    });
    checkSample(distances, rows, '/conditional/distances');
  }
  checkErrors(value);
  return value;
}

/** Checks what the baseline knows of prediction errors, if anything. */
function checkErrors(baseline: Baseline): void {
  const { outputs, prediction_errors: known, expected_errors: expected } = baseline;
  if (known) {
    checkLength(known.targets, outputs.length, '/prediction_errors/targets');
    known.targets.forEach(({ errors, magnitudes }, j) => {
      checkBins(errors, known.rows, `/prediction_errors/targets/${j}/errors`);
      checkBins(magnitudes, known.rows, `/prediction_errors/targets/${j}/magnitudes`);
    });
  }
  if (!expected) return;
  checkLength(expected, outputs.length, '/expected_errors');
  const bins = channelBins(baseline);
  for (const [j, { squared, absolute }] of expected.entries()) {
    for (const [name, { channels }] of Object.entries({ squared, absolute })) {
      channels.forEach(({ channel, effects }, i) => {
        const place = `/expected_errors/${j}/${name}/channels/${i}`;
        check(channel < bins.length, `${place}/channel`, `a channel below ${bins.length}`, channel);
        checkLength(effects, bins[channel]!.counts.length, `${place}/effects`);
      });
    }
  }
}

function checkBins({ edges, counts }: Bins, rows: number, place: string): void {
  checkLength(counts, edges.length + 1, `${place}/counts`);
  checkOrder(edges, `${place}/edges`);
  const sum = sumOf(counts);
  check(sum === rows, `${place}/counts`, `${rows} rows in all`, sum);
}

function checkSample({ rows, values, ranks }: OrderedSample, expected: number, place: string): void {
  check(rows === expected, `${place}/rows`, String(expected), rows);
  const unordered = values.findIndex((value, i) => i > 0 && value < values[i - 1]!);
  check(unordered < 0, `${place}/values/${unordered}`, 'ascending values', values[unordered]);
  if (ranks) {
    checkLength(ranks, values.length, `${place}/ranks`);
    checkOrder(ranks, `${place}/ranks`);
    check(ranks.at(-1)! < rows, `${place}/ranks`, `ranks below ${rows}`, ranks.at(-1));
  } else checkLength(values, rows, `${place}/values`);
}

function checkOrder(values: readonly number[], place: string): void {
  const at = values.findIndex((value, i) => i > 0 && value <= values[i - 1]!);
  check(at < 0, `${place}/${at}`, 'strictly ascending values', values[at]);
}

function checkLength({ length }: readonly unknown[], expected: number, place: string): void {
  check(length === expected, place, `a length of ${expected}`, length);
}

function check(holds: boolean, place: string, expected: string, found: unknown): void {
  if (!holds) throw invalid(place, `expected ${expected}, got ${show(found)}`);
}

function invalid(place: string, message: string): DomainError {
  return new DomainError('INVALID_BASELINE', `baseline.json${place}: ${message}`);
}
