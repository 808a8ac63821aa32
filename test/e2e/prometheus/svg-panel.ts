import type { Sample, Series } from './monitoring.js';

/** Size of a panel and of its data area. */
export const WIDTH = 470;
export const HEIGHT = 230;
const LEFT = 46;
const RIGHT = 330;
const TOP = 34;
const BOTTOM = 204;
const MAX_SERIES = 9;
/** Colours that are distinguishable with any colour vision (Okabe and Ito, 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#999999', '#000000', '#7a5195'];

/** A time range, in seconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const x = ({ from, to }: Span, time: number) => LEFT + ((time - from) / (to - from)) * (RIGHT - LEFT);
const text = (left: number, y: number, words: string, more = '') =>
  `<text x="${left.toFixed(1)}" y="${y.toFixed(1)}"${more}>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
const box = (left: number, y: number, width: number, height: number, fill: string) =>
  `<rect x="${left.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" fill="${fill}"/>`;
const ending = ' text-anchor="end"';

/** Draws a panel with a title, its content, and a time scale if it has a span. */
export function panel(title: string, drawn: readonly string[], span?: Span): string {
  const seconds = span ? [0, 1, 2, 3].map((k) => ((span.to - span.from) * k) / 3) : [];
  return [
    `<rect width="${WIDTH - 10}" height="${HEIGHT - 10}" fill="#fff" stroke="#ccc"/>`,
    text(10, 20, title, ' font-weight="bold"'),
    ...drawn,
    ...seconds.map((at) => text(x(span!, span!.from + at), BOTTOM + 13, `${at.toFixed(0)} s`, ' text-anchor="middle"')),
  ].join('\n');
}

/** Draws the lines with the highest maxima on a square-root scale, which keeps small values visible; `limit` is dashed. */
export function lines(series: readonly Series[], label: string, limit: number, span: Span): string[] {
  const highest = ({ values }: Series) => Math.max(...values.map(([, value]) => Number(value)));
  const shown = series.toSorted((a, b) => highest(b) - highest(a)).slice(0, MAX_SERIES);
  const top = Math.max(limit * 1.2, ...shown.map(highest));
  const y = (value: number) => BOTTOM - Math.sqrt(Math.max(0, value) / top) * (BOTTOM - TOP);
  return [
    ...[0, limit, top].map((value) => text(LEFT - 6, y(value) + 4, value.toFixed(value < 10 ? 1 : 0), ending)),
    `<path d="M${LEFT} ${y(limit).toFixed(1)}H${RIGHT}" stroke="#c00" stroke-dasharray="5 4"/>`,
    ...shown.map(({ metric, values }, i) => {
      const points = values.map(([time, value]) => `${x(span, time).toFixed(1)},${y(Number(value)).toFixed(1)}`);
      return (
        `<polyline points="${points.join(' ')}" fill="none" stroke="${COLOURS[i]}" stroke-width="1.5"/>` +
        text(RIGHT + 8, TOP + 8 + 17 * i, metric[label] ?? '', ` fill="${COLOURS[i]}"`)
      );
    }),
  ];
}

/** Draws a row per series, red while its value is above 0. */
export function states(series: readonly Series[], label: string, span: Span): string[] {
  const height = (BOTTOM - TOP) / series.length;
  return series.flatMap(({ metric, values }, i) => [
    ...values.map(([time, value], k) => {
      const next = values[k + 1]?.[0] ?? span.to;
      const fill = Number(value) > 0 ? '#d55e00' : '#8fd0b8';
      return box(x(span, time), TOP + i * height, x(span, next) - x(span, time) + 0.5, height - 6, fill);
    }),
    text(RIGHT + 8, TOP + (i + 0.5) * height, metric[label] ?? ''),
  ]);
}

/** Draws values as horizontal bars. Values from `full` on are red. */
export function ranking(samples: readonly Sample[], label: string, full: number): string[] {
  const shown = samples.slice(0, MAX_SERIES);
  const height = (BOTTOM - TOP) / MAX_SERIES;
  const left = 170;
  return shown.flatMap(({ metric, value }, i) => {
    const number = Number(value[1]);
    const length = Math.min(1, number / full) * (RIGHT + 60 - left);
    return [
      text(left - 8, TOP + (i + 0.7) * height, metric[label] ?? '', ending),
      box(left, TOP + i * height, length, height - 4, number >= full ? '#d55e00' : '#009e73'),
      text(left + length + 6, TOP + (i + 0.7) * height, `${(100 * number).toFixed(0)} %`),
    ];
  });
}

/** Draws two bars per bin, by the label `bin`. */
export function pairs(live: readonly Sample[], reference: readonly Sample[]): string[] {
  const bins = reference.map(({ metric }) => metric['bin']!).toSorted();
  const share = (samples: readonly Sample[], bin: string) =>
    Number(samples.find(({ metric }) => metric['bin'] === bin)?.value[1] ?? 0);
  const top = Math.max(...bins.flatMap((bin) => [share(live, bin), share(reference, bin)]));
  const width = (RIGHT - LEFT) / bins.length;
  const bar = (bin: number, value: number, half: number, fill: string) => {
    const height = (value / top) * (BOTTOM - TOP);
    return box(LEFT + (bin + half * 0.45) * width, BOTTOM - height, 0.45 * width, height, fill);
  };
  return [
    text(LEFT - 6, TOP + 4, `${(100 * top).toFixed(0)} %`, ending),
    text(LEFT - 6, BOTTOM + 4, '0 %', ending),
    ...bins.flatMap((name, i) => [
      bar(i, share(live, name), 0, COLOURS[1]!),
      bar(i, share(reference, name), 1, COLOURS[0]!),
      text(LEFT + (i + 0.45) * width, BOTTOM + 13, name, ' text-anchor="middle" font-size="8"'),
    ]),
    text(RIGHT + 8, TOP + 8, 'live', ` fill="${COLOURS[1]}"`),
    text(RIGHT + 8, TOP + 25, 'reference', ` fill="${COLOURS[0]}"`),
  ];
}

/** Draws cumulative buckets, by the label `le`, as cells that are darker with more rows. */
export function heat(series: readonly Series[], span: Span): string[] {
  const sorted = series.toSorted((a, b) => Number(a.metric['le']) - Number(b.metric['le']));
  const bounded = sorted.filter(({ metric }) => metric['le'] !== '+Inf');
  const cells = bounded.map(({ values }, i) => {
    const below = new Map(bounded[i - 1]?.values);
    return values.map(([time, value]) => [time, Number(value) - Number(below.get(time) ?? 0)] as const);
  });
  const filled = cells.flatMap((row, i) => (row.some(([, rows]) => rows > 0) ? [i] : []));
  const [first, last] = [Math.min(...filled), Math.max(...filled)];
  const max = Math.max(...cells.flat().map(([, rows]) => rows));
  const height = (BOTTOM - TOP) / (last - first + 1);
  const y = (i: number) => BOTTOM - (i - first + 1) * height;
  return [
    ...filled.map((i) => text(LEFT - 6, y(i) + 4, bounded[i]!.metric['le']!, `${ending} font-size="8"`)),
    ...cells.flatMap((row, i) =>
      row
        .filter(([, rows]) => rows > 0)
        .map(([time, rows]) => {
          const shade = Math.round(235 - 200 * Math.sqrt(rows / max));
          return box(
            x(span, time),
            y(i),
            (RIGHT - LEFT) / (span.to - span.from) + 0.4,
            height,
            `rgb(${shade},${shade},240)`,
          );
        }),
    ),
    text(RIGHT + 8, TOP + 8, 'mean squared error'),
    text(RIGHT + 8, TOP + 25, 'darker: more rows'),
  ];
}
