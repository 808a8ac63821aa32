import { ROOMS } from './call-purpose.js';
import type { Call } from './call-tree.js';

const WIDTH = 1000;
const MARGIN = 10;
const ROW = 18;
/** Below the title and the legend. */
const TOP = 76;
const LEGEND_COLUMNS = 5;
/** Of a character of a label, at most. */
const CHARACTER = 6.2;
/** Least share of all time with which a call is drawn. */
const LEAST = 0.003;

/** Draws calls as SVG: each upon its caller, as wide as its share of the time is. */
export function drawFlame(title: string, root: Call): string {
  const boxes: string[] = [];
  const height = TOP + depth(root, root.total) * ROW + MARGIN;
  const scale = (WIDTH - 2 * MARGIN) / root.total;
  const draw = (call: Call, from: number, level: number) => {
    const [x, width] = [MARGIN + from * scale, call.total * scale];
    const y = height - MARGIN - (level + 1) * ROW;
    const label = call.name.slice(0, Math.max(0, Math.floor((width - 6) / CHARACTER)));
    const tooltip = `${`${call.name} ${call.place}`.trim()}: ${percent(call.total, root)} (itself ${percent(call.self, root)})`;
    boxes.push(
      `<g><title>${escaped(tooltip)}</title>` +
        `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW}" fill="${colourOf(call)}"/>` +
        `${label.length > 2 ? `<text x="${(x + 3).toFixed(1)}" y="${y + 13}">${escaped(label)}</text>` : ''}</g>`,
    );
    let at = from;
    for (const called of drawn(call, root.total)) {
      draw(called, at, level + 1);
      at += called.total;
    }
  };
  draw(root, 0, 0);
  const legend = ROOMS.map(({ room, colour }, i) => {
    const x = MARGIN + ((WIDTH - 2 * MARGIN) / LEGEND_COLUMNS) * (i % LEGEND_COLUMNS);
    const y = 32 + 20 * Math.floor(i / LEGEND_COLUMNS);
    return `<rect x="${x}" y="${y}" width="12" height="12" fill="${colour}"/><text x="${x + 17}" y="${y + 10}">${room}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>${title}</title>`,
    '<style>g rect{stroke:#fff;stroke-width:.5}</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN}" y="20" font-size="14">${title}</text>`,
    ...legend,
    ...boxes,
    '</svg>\n',
  ].join('\n');
}

/** What a call called for long enough, the longest first. */
function drawn({ calls }: Call, whole: number): Call[] {
  return calls.filter(({ total }) => total >= LEAST * whole).sort((a, b) => b.total - a.total);
}

function depth(call: Call, whole: number): number {
  return 1 + Math.max(0, ...drawn(call, whole).map((called) => depth(called, whole)));
}

function colourOf({ room }: Call): string {
  return ROOMS.find((one) => one.room === room)?.colour ?? '#eee';
}

function percent(samples: number, { total }: Call): string {
  return `${((100 * samples) / total).toFixed(1)} %`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
