import { PURPOSES } from './call-purpose.js';
import type { Call } from './call-tree.js';

const WIDTH = 1000;
const MARGIN = 10;
const ROW = 18;
/** Height of the title and the legend. */
const TOP = 76;
const LEGEND_COLUMNS = 5;
/** Maximum width of a character of a label. */
const CHARACTER_WIDTH = 6.2;
/** Calls with a smaller share of the total time are not drawn. */
const MIN_SHARE = 0.003;

/** Draws a flame graph as SVG: each call above its caller, its width proportional to its time. */
export function drawFlame(title: string, root: Call): string {
  const boxes: string[] = [];
  const height = TOP + depth(root, root.total) * ROW + MARGIN;
  const scale = (WIDTH - 2 * MARGIN) / root.total;
  const draw = (call: Call, from: number, level: number) => {
    const [x, width] = [MARGIN + from * scale, call.total * scale];
    const y = height - MARGIN - (level + 1) * ROW;
    const label = call.name.slice(0, Math.max(0, Math.floor((width - 6) / CHARACTER_WIDTH)));
    const tooltip = `${`${call.name} ${call.place}`.trim()}: ${percent(call.total, root)} (self ${percent(call.self, root)})`;
    boxes.push(
      `<g><title>${escaped(tooltip)}</title>` +
        `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW}" fill="${colourOf(call)}"/>` +
        `${label.length > 2 ? `<text x="${(x + 3).toFixed(1)}" y="${y + 13}">${escaped(label)}</text>` : ''}</g>`,
    );
    let at = from;
    for (const called of drawnCalls(call, root.total)) {
      draw(called, at, level + 1);
      at += called.total;
    }
  };
  draw(root, 0, 0);
  const legend = PURPOSES.map(({ purpose, colour }, i) => {
    const x = MARGIN + ((WIDTH - 2 * MARGIN) / LEGEND_COLUMNS) * (i % LEGEND_COLUMNS);
    const y = 32 + 20 * Math.floor(i / LEGEND_COLUMNS);
    return `<rect x="${x}" y="${y}" width="12" height="12" fill="${colour}"/><text x="${x + 17}" y="${y + 10}">${purpose}</text>`;
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

/** Returns the callees that are drawn, longest first. */
function drawnCalls({ calls }: Call, allSamples: number): Call[] {
  return calls.filter(({ total }) => total >= MIN_SHARE * allSamples).sort((a, b) => b.total - a.total);
}

function depth(call: Call, allSamples: number): number {
  return 1 + Math.max(0, ...drawnCalls(call, allSamples).map((called) => depth(called, allSamples)));
}

function colourOf({ purpose }: Call): string {
  return PURPOSES.find((one) => one.purpose === purpose)?.colour ?? '#eee';
}

function percent(samples: number, { total }: Call): string {
  return `${((100 * samples) / total).toFixed(1)} %`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
