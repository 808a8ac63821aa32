import type { DashboardQuery } from '../../deploy/dashboard.js';
import type { Monitoring, Series } from './monitoring.js';
import { HEIGHT, heat, lines, pairs, panel, ranking, states, WIDTH } from './svg-panel.js';

/**
 * Draws the main panels of the dashboard as SVG without Grafana, from the results of their queries in a real Prometheus. The
 * panels look different from those of Grafana, but show the same data.
 *
 * @param queries queries of the dashboard, with interpolated variables
 * @param seconds length of the time range up to now
 * @param feature value of the variable `feature`
 */
export async function drawDashboard(
  monitoring: Monitoring,
  queries: readonly DashboardQuery[],
  seconds: number,
  feature: string,
  caption: string,
): Promise<string> {
  const expressionOf = (place: string) => queries.find((query) => query.place === place)!.expression;
  const over = (place: string) => monitoring.range(expressionOf(place), seconds);
  const now = (place: string) => monitoring.query(expressionOf(place));
  const to = Date.now() / 1000;
  const span = { from: to - seconds, to };
  const unusual = 'Unusual rows over time';
  const levels: Series[] = [];
  for (const { place, expression } of queries.filter((query) => query.place.startsWith(unusual))) {
    const [series] = await monitoring.range(expression, seconds);
    const level = /le="([\d.]+)"/.exec(expression)![1]!;
    levels.push({ metric: { level: `p at most ${level}` }, values: series?.values ?? [] });
    if (!series) throw new Error(`${place} has no data`);
  }
  const panels = [
    panel('Alarms', states(await over('Alarms A'), 'group', span), span),
    panel(
      'Ranking: evidence as a share of the alarm threshold',
      ranking(await now('Ranking: evidence as a share of the alarm threshold A'), 'channel', 1),
    ),
    panel('Evidence over time (root scale)', lines(await over('Evidence over time A'), 'channel', 1, span), span),
    panel(
      `${feature}: live against the reference, by quantile bin`,
      pairs(await now('$feature: live against the reference A'), await now('$feature: live against the reference B')),
    ),
    panel('Errors of the rows', heat(await over('Errors of the rows A'), span), span),
    panel('Unusual rows: multiple of the expected number (root scale)', lines(levels, 'level', 1, span), span),
  ];
  const top = 44;
  const placed = panels.map(
    (one, i) => `<g transform="translate(${10 + (i % 2) * WIDTH} ${top + Math.floor(i / 2) * HEIGHT})">\n${one}\n</g>`,
  );
  const [width, height] = [2 * WIDTH + 10, top + Math.ceil(panels.length / 2) * HEIGHT];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>${caption}</title>`,
    `<rect width="${width}" height="${height}" fill="#f4f5f5"/>`,
    `<text x="12" y="26" font-size="13">${caption}</text>`,
    ...placed,
    '</svg>\n',
  ].join('\n');
}
