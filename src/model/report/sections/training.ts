import { type Html, html } from '../../../base/html/html.js';
import { counted, figure, seconds } from '../../../base/text/figures.js';
import { lineChart, type Series } from '../charts/line-chart.js';
import { type Cell, facts, name, section } from '../parts.js';
import type { ReportInput } from '../report-input.js';
import { search } from './search.js';

/** Names of the options of a training, as people read them. */
const OPTIONS: Readonly<Record<string, string>> = {
  epochs: 'Maximum number of epochs',
  batch_size: 'Batch size',
  learning_rate: 'Learning rate',
  validation_split: 'Share of rows held out',
  seed: 'Seed',
  patience: 'Patience, in epochs',
  target_transform: 'Transform of the target',
  weight_decay: 'Weight decay',
  members: 'Networks whose average it is',
  trials: 'Trials of a search',
  budget_seconds: 'Seconds of a search, at most',
};

/** How the model was trained. */
export function training(input: ReportInput): Html {
  const { card } = input;
  const { training: options, history } = card;
  const { best_epoch, seconds: duration } = options;
  const last = history.at(-1)?.epoch ?? best_epoch;
  const set = Object.entries(OPTIONS).map(([option, label]): readonly [string, Cell] | null => {
    const value = (options as Readonly<Record<string, unknown>>)[option];
    return value === undefined ? null : [label, typeof value === 'number' ? plain(value) : name(String(value))];
  });
  return section(
    'training',
    'Training',
    facts([['Epochs', `${figure(last)}; the best was ${figure(best_epoch)}`], ['Duration', seconds(duration)], ...set]),
    history.length > 0 && lossCurves(card),
    search(input),
  );
}

function lossCurves({ history, training: { best_epoch: best } }: ReportInput['card']): Html {
  const series: Series[] = [
    { name: 'loss, training rows', style: 'second', points: history.map(({ epoch, loss }) => [epoch, loss]) },
    { name: 'loss, held-out rows', style: 'first', points: history.map(({ epoch, val_loss }) => [epoch, val_loss]) },
    {
      name: 'reconstruction error, held-out rows',
      style: 'third',
      points: history.map((epoch) => [epoch.epoch, epoch.val_reconstruction_error]),
    },
  ];
  const { epoch, val_loss } = history.at(-1)!;
  return html`<div class="charts">${lineChart({
    series,
    xLabel: 'epoch',
    yLabel: 'loss',
    label: `Loss over ${counted(epoch, 'epoch')}: on the held-out rows it ended at ${figure(val_loss)}; the prediction was best in epoch ${best}.`,
    caption: html`The dashed line is the best epoch. The losses are in standardised units: predicting the mean has about 1.`,
    isLog: true,
    mark: best,
  })}</div>`;
}

/** A setting to the last digit: it may be used again. */
function plain(value: number): string {
  return String(value);
}
