import { JOINT } from './joint-calibration.js';
import type { Results } from './results.js';
import { OURS_COMPARED } from './windows.js';

const TITLE = 'Share of shifted windows with an alarm, mean over 24 shifts';
const WIDTH = 720;
const HEIGHT = 360;
const LEFT = 60;
const RIGHT = 400;
const TOP = 40;
const BOTTOM = 310;
/** Colours that are distinguishable with any colour vision (Okabe and Ito, 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** Draws mean power by window size as SVG, for rules with a false alarm rate of at most `maxFalseAlarms` at every size. */
export function drawPower(results: Results, sizes: readonly number[], maxFalseAlarms: number): string {
  // Omits variants of this monitor, whose lines would overlap.
  const rules = results.rules.filter(
    (rule) =>
      rule !== OURS_COMPARED &&
      rule !== JOINT &&
      sizes.every((n) => results.falseAlarms(n, rule).value <= maxFalseAlarms),
  );
  const x = (n: number) => {
    const [first, last] = [Math.log(sizes[0]!), Math.log(sizes.at(-1)!)];
    return LEFT + ((Math.log(n) - first) / (last - first)) * (RIGHT - LEFT);
  };
  const y = (power: number) => BOTTOM - power * (BOTTOM - TOP);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (power) =>
      `<path d="M${LEFT} ${y(power)}H${RIGHT}" stroke="#ddd"/>` +
      `<text x="${LEFT - 8}" y="${y(power) + 4}" text-anchor="end">${power}</text>`,
  );
  const ticks = sizes.map((n) => `<text x="${x(n).toFixed(1)}" y="${BOTTOM + 20}" text-anchor="middle">${n}</text>`);
  const ends = spreadOut(rules.map((rule) => y(results.power(sizes.at(-1)!, rule).value)));
  const lines = rules.map((rule, i) => {
    const points = sizes.map((n) => `${x(n).toFixed(1)},${y(results.power(n, rule).value).toFixed(1)}`);
    const colour = COLOURS[i % COLOURS.length];
    return (
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2.5"/>` +
      `<text x="${RIGHT + 10}" y="${(ends[i]! + 4).toFixed(1)}" fill="${colour}">${rule.replace('<', '&lt;')}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${TITLE}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="20" font-size="14">${TITLE}</text>`,
    ...grid,
    ...ticks,
    ...lines,
    `<text x="${(LEFT + RIGHT) / 2}" y="${BOTTOM + 40}" text-anchor="middle">rows per window</text>`,
    '</svg>\n',
  ].join('\n');
}

/** Moves labels down until none overlap, in the same order. */
function spreadOut(places: readonly number[]): number[] {
  const spread = [...places];
  let last = Number.NEGATIVE_INFINITY;
  for (const i of places.map((_, i) => i).sort((a, b) => places[a]! - places[b]!)) {
    spread[i] = Math.max(places[i]!, last + 16);
    last = spread[i]!;
  }
  return spread;
}
