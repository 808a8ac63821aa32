import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What Grafana loads. */
export const GRAFANA = fileURLToPath(new URL('../../../deploy/grafana', import.meta.url));
export const DASHBOARD_FILE = join(GRAFANA, 'dashboards/reconstruction-regressor.json');

/** A panel as it is in the file, as far as the tests look at it. */
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

/** Something that the dashboard asks Prometheus, with Grafana's variables in it. */
export interface DashboardQuery {
  /** Where it stands: a panel's title and the query's letter, a variable, an annotation. */
  readonly place: string;
  readonly expression: string;
}

export function readDashboard(): FileDashboard {
  return JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8'));
}

/** All that the dashboard asks, panel by panel, then its annotations. */
export function queriesOf({ panels, annotations }: FileDashboard): DashboardQuery[] {
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => ({ place: `${title} ${refId}`, expression: expr })),
    ),
    ...annotations.list.map(({ name, expr }) => ({ place: `annotation ${name}`, expression: expr })),
  ];
}

/** The variables that are filled by Prometheus: values of `label` over the series of `selector`. */
export function labelQueriesOf({ templating }: FileDashboard) {
  return templating.list
    .filter(({ type }) => type === 'query')
    .map(({ name, query }) => {
      const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
      if (!selector || !label) throw new Error(`${name}: expected label_values(selector, label), got ${query}`);
      return { name, selector, label };
    });
}

/** Puts values in for Grafana's variables, as Grafana does. Throws for a variable that has none. */
export function interpolate(expression: string, values: Readonly<Record<string, string>>): string {
  // Grafana leaves `$1` and the like alone, which label_replace needs.
  return expression.replaceAll(/\$([a-z_]\w*)/g, (variable, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${variable} is no variable of the dashboard: ${expression}`);
    return value;
  });
}
