import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { figure } from './format.js';

type Colour = 'muted' | 'grid' | 'third' | `${'recent' | 'reference' | 'alarm'}${'' | '-fill'}`;
/** Returns a colour of the style sheet, for drawing on a canvas. */
export type Ink = (colour: Colour) => string;

export interface PlotProps {
  /** Called again when `of` or the colour scheme changes. */
  readonly options: (ink: Ink) => Omit<uPlot.Options, 'width' | 'height'>;
  readonly of: string;
  readonly data: uPlot.AlignedData;
  readonly height: number;
  /** Text alternative for screen readers. */
  readonly label: string;
}

/** A uPlot chart that fills the width available, in the colours of the page. */
export function Plot({ options, of, data, height, label }: PlotProps) {
  const container = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = container.current!;
    const make = () => {
      plot.current?.destroy();
      const size = { width: Math.max(1, element.clientWidth), height };
      plot.current = new uPlot({ ...options(readInk(element)), ...size }, latest.current, element);
    };
    make();
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) plot.current?.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', make);
    return () => {
      observer.disconnect();
      dark.removeEventListener('change', make);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [of, height]);

  useEffect(() => plot.current?.setData(data), [data]);

  return <div class="plot" ref={container} role="img" aria-label={label} />;
}

function readInk(element: Element): Ink {
  const style = getComputedStyle(element);
  return (colour) => style.getPropertyValue(`--${colour}`).trim();
}

/** An axis in the colours and font of the page. */
export function axis(ink: Ink, more: uPlot.Axis = {}): uPlot.Axis {
  return {
    stroke: ink('muted'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: ink('grid'), width: 1 },
    ticks: { show: false },
    ...more,
  };
}

/** Width of an error axis, in pixels. The alarm timeline below the chart is indented by the same width. */
const ERROR_AXIS = 52;
/** Above this number of decades, only powers of ten are labelled. */
const MAX_DETAILED_DECADES = 3;

/** A logarithmic scale that fits the data closely. */
export const logScale: uPlot.Scale = {
  distr: 3,
  range: (_, low, high) => (low > 0 ? [low / 1.3, high * 1.3] : [0.01, 1]),
};

/** An error axis with ticks at 1, 2 and 5 times powers of ten. The default ticks of uPlot need ranges that end at a decade. */
export function logAxis(ink: Ink): uPlot.Axis {
  return axis(ink, {
    size: ERROR_AXIS,
    splits: (_, __, low, high) => ticks(low, high),
    filter: (_, splits) => splits,
    values: (_, splits) => splits.map((value) => figure(value, 1)),
  });
}

function ticks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.floor(Math.log10(high))];
  const steps = last - first > MAX_DETAILED_DECADES ? [1] : [1, 2, 5];
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return powers
    .flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
    .filter((value) => value >= low && value <= high);
}
