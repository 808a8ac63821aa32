import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart';
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  type GridPos,
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Heatmap } from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATASOURCE } from './query.js';

/** Text and size of a panel. The dashboard is 24 units wide. */
export interface Frame {
  readonly title: string;
  /** Explains the panel to a first-time reader. */
  readonly description: string;
  /** One of Grafana's units. */
  readonly unit: string;
  readonly width: number;
  readonly height: number;
}

/** Colours by minimum value. `base` applies below all steps. */
export function thresholds(base: string, ...steps: readonly (readonly [number, string])[]): ThresholdsConfigBuilder {
  const above: Threshold[] = steps.map(([value, color]) => ({ value, color }));
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: base }, ...above]);
}

/** Names for the values 0 and 1. */
export function flagNames(zero: string, one: string) {
  return [
    {
      type: MappingType.ValueToText as const,
      options: { '0': { text: zero, color: 'green', index: 0 }, '1': { text: one, color: 'red', index: 1 } },
    },
  ];
}

/** Lines over time, with an optional limit as a dashed line. */
export function lines(frame: Frame, limit?: number): TimeSeries {
  const panel = framed(new TimeSeries(), frame)
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Never)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .legend(legend())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (limit === undefined) return panel;
  return panel
    .thresholds(thresholds('transparent', [limit, 'red']))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
}

/** One or a few large numbers. */
export function number(frame: Frame): Stat {
  return framed(new Stat(), frame)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds('text'))
    .reduceOptions(latestValue());
}

/** A bar per series with its latest value. */
export function ranking(frame: Frame): BarGauge {
  return framed(new BarGauge(), frame)
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(latestValue())
    .min(0);
}

/** Two bars per bin: the shares of the live rows and of the baseline, from two queries in table format. */
export function liveAgainstReference(frame: Frame): BarChart {
  return framed(new BarChart(), frame)
    .xField('bin')
    .legend(legend())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .min(0)
    .fillOpacity(70)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true, feature: true },
        indexByName: { bin: 0, 'Value #A': 1, 'Value #B': 2 },
        renameByName: { 'Value #A': 'live', 'Value #B': 'reference' },
      },
    })
    .withTransformation({ id: 'sortBy', options: { sort: [{ field: 'bin' }] } });
}

export function heatmap(frame: Frame): Heatmap {
  return framed(new Heatmap(), frame);
}

export function states(frame: Frame): StateTimeline {
  return framed(new StateTimeline(), frame).legend(legend()).showValue(VisibilityMode.Never);
}

export function rows(frame: Frame): Table {
  return framed(new Table(), frame);
}

interface Framed {
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  gridPos(place: GridPos): this;
  datasource(datasource: typeof DATASOURCE): this;
}

function framed<Panel extends Framed>(panel: Panel, { title, description, unit, width, height }: Frame): Panel {
  return panel
    .title(title)
    .description(description)
    .unit(unit)
    .gridPos({ x: 0, y: 0, w: width, h: height })
    .datasource(DATASOURCE);
}

function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true);
}

function latestValue(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']);
}
