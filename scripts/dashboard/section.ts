import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';

/** Panels under one heading, from left to right. A line is 24 units wide. */
export interface Section {
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}
