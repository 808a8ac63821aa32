import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The files that Grafana loads. */
export const GRAFANA = fileURLToPath(new URL('../../../deploy/grafana', import.meta.url));
export const DASHBOARD_FILE = join(GRAFANA, 'dashboards/reconstruction-regressor.json');

/** The part of a panel in the file that the tests read. */
export interface FilePanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly instant: boolean;
    readonly datasource: { readonly uid: string };
  }[];
}

interface FileDashboard {
  readonly panels: readonly FilePanel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: string }[];
  };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
}

/** A query of the dashboard, which may contain variables of Grafana. */
export interface DashboardQuery {
  /** Its location: the title of a panel and the letter of the query, a variable, or an annotation. */
  readonly place: string;
  readonly expression: string;
}

export function readDashboard(): FileDashboard {
  return JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8'));
}

/** Returns the queries of all panels, then those of the annotations. */
export function queriesOf({ panels, annotations }: FileDashboard): DashboardQuery[] {
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => ({ place: `${title} ${refId}`, expression: expr })),
    ),
    ...annotations.list.map(({ name, expr }) => ({ place: `annotation ${name}`, expression: expr })),
  ];
}

/** Returns the variables with values from Prometheus: those of `label` in the series of `selector`. */
export function labelQueriesOf({ templating }: FileDashboard) {
  return templating.list
    .filter(({ type }) => type === 'query')
    .map(({ name, query }) => {
      const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
      if (!selector || !label) throw new Error(`${name}: expected label_values(selector, label), got ${query}`);
      return { name, selector, label };
    });
}

/** Interpolates variables like Grafana. Throws for an unknown variable. */
export function interpolate(expression: string, values: Readonly<Record<string, string>>): string {
  // Grafana does not interpolate `$1`, which label_replace needs.
  return expression.replaceAll(/\$([a-z_]\w*)/g, (variable, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${variable} is not a variable of the dashboard: ${expression}`);
    return value;
  });
}
