import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import type { Epoch } from '../client/api.js';
import { counted, figure } from '../parts/format.js';
import { Legend } from '../parts/legend.js';
import { axis, type Ink, logAxis, logScale, Plot } from '../parts/plot.js';

const SERIES = ['epoch', 'loss', 'val_loss', 'val_reconstruction_error'] as const;
const KEYS = {
  'reference dashed': 'loss, training rows',
  'recent line': 'loss, held-out rows',
  'third line': 'reconstruction error, held-out rows',
};
const HEIGHT = 220;

/** The losses of a training over its epochs. */
export function LossCurves({ epochs, best }: { epochs: readonly Epoch[]; best: Epoch }) {
  const data = useMemo(() => SERIES.map((key) => epochs.map((epoch) => epoch[key])) as uPlot.AlignedData, [epochs]);
  const { epoch, val_loss } = epochs.at(-1)!;
  const label =
    `Chart of the loss over ${counted(epoch, 'epoch')}. On held-out rows it is ${figure(val_loss)}; the ` +
    `prediction was best in epoch ${best.epoch}.`;
  return (
    <>
      <Legend keys={KEYS}>
        <li>best so far: epoch {best.epoch}</li>
      </Legend>
      <Plot of="loss" options={options} data={data} height={HEIGHT} label={label} />
    </>
  );
}

function options(ink: Ink): Omit<uPlot.Options, 'width' | 'height'> {
  // A single epoch has no line to draw.
  const points = { show: ({ data }: uPlot) => data[0].length < 2 };
  return {
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: logScale },
    axes: [
      axis(ink, { size: 26, gap: 4, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000] }),
      logAxis(ink),
    ],
    series: [
      {},
      { stroke: ink('reference'), width: 1.5, dash: [5, 4], points },
      { stroke: ink('recent'), width: 2, points },
      { stroke: ink('third'), width: 1.5, points },
    ],
  };
}
