import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError } from '../../base/domain-error.js';
import { binTotal, type Channel, GROUPS } from '../rows/channels.js';

const Whole = Type.Integer({ minimum: 0 });
const Numbers = Type.Array(Type.Number());
const RowCounts = Type.Object({
  rows: Whole,
  score_sum: Type.Number(),
  counts: Type.String(),
  places: Type.String(),
  sums: Numbers,
});
const Slots = Type.Array(Type.Object({ slot: Whole, tally: RowCounts }));
const Latch = Type.Object({
  detected: Type.Boolean(),
  since: nullable(Type.Number()),
  cause: nullable(
    Type.Object({
      by: Type.Union([Type.Literal('window'), Type.Literal('chart')]),
      kind: Type.String(),
      name: Type.String(),
    }),
  ),
  alarms: Whole,
  quiet: Whole,
});

/** A monitor on disk. */
export const MonitorState = Type.Object({
  schema: Type.Literal(1),
  baseline: Type.String({ description: 'hash of the baseline that it compared with' }),
  window_rows: Whole,
  since: Type.Number(),
  window: RowCounts,
  tested: RowCounts,
  tested_at: nullable(Type.Number()),
  charts: Type.Object({ shares: Numbers, level: Type.Number() }),
  design_effect: Type.Object({
    rows: Whole,
    sums: Numbers,
    block_squares: Numbers,
    block_sums: Numbers,
    effects: Type.Array(Type.Number({ minimum: 1 })),
    squares: Numbers,
  }),
  latches: Type.Array(Latch, { minItems: GROUPS.length, maxItems: GROUPS.length }),
  minutes: Slots,
  hours: Slots,
});
export type MonitorState = Static<typeof MonitorState>;

/** Checks a state before any of it is taken up. Throws `INVALID_BASELINE`, naming the place and what was expected. */
export function checkState(
  value: unknown,
  hash: string,
  windowRows: number,
  channels: readonly Channel[],
): MonitorState {
  if (!Value.Check(MonitorState, value)) {
    const [first] = Value.Errors(MonitorState, value);
    throw invalid(`${first?.instancePath ?? ''}: ${first?.message ?? 'not a monitor'}`);
  }
  if (value.baseline !== hash) throw invalid(`/baseline: expected ${hash}, got ${value.baseline}`);
  if (value.window_rows !== windowRows) throw invalid(`/window_rows: expected ${windowRows}, got ${value.window_rows}`);
  const shown = channels.filter(({ kind }) => kind !== 'conditional');
  checkTally(value.window, channels, '/window');
  checkTally(value.tested, channels, '/tested');
  for (const ring of ['minutes', 'hours'] as const) {
    value[ring].forEach(({ tally }, i) => {
      checkTally(tally, shown, `/${ring}/${i}/tally`);
    });
  }
  checkLength(value.charts.shares, binTotal(channels), '/charts/shares');
  for (const name of ['sums', 'block_squares', 'block_sums', 'effects', 'squares'] as const) {
    checkLength(value.design_effect[name], channels.length, `/design_effect/${name}`);
  }
  return value;
}

function checkTally(tally: Static<typeof RowCounts>, channels: readonly Channel[], place: string): void {
  const features = channels.filter(({ kind }) => kind === 'feature').length;
  const outputs = channels.filter(({ kind }) => kind === 'output').length;
  checkLength(Buffer.from(tally.counts, 'base64'), 4 * binTotal(channels), `${place}/counts`);
  checkLength(Buffer.from(tally.places, 'base64'), 16 * features, `${place}/places`);
  checkLength(tally.sums, features + outputs, `${place}/sums`);
}

function checkLength({ length }: ArrayLike<number>, expected: number, place: string): void {
  if (length !== expected) throw invalid(`${place}: expected a length of ${expected}, got ${length}`);
}

function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_BASELINE', `drift state: ${message}`);
}
