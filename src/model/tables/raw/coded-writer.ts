import type { Column } from '../../columns/column.js';
import type { Columns } from '../columns.js';
import { type TableInfo, type TableNotes, TableWriter } from '../table-file.js';
import type { Decided } from './decision.js';
import { Leaks } from './leaks.js';

/** Writes codes as a table, and looks for columns that give a target away. */
export class CodedWriter implements Disposable {
  readonly columns: Columns;
  private readonly writer: TableWriter;
  private readonly leaks: Leaks;

  /** `features` says what they are; plain numbers by default. */
  constructor(directory: string, columns: Columns, features?: readonly Column[]) {
    this.columns = columns;
    this.writer = new TableWriter(directory, columns, undefined, features);
    this.leaks = new Leaks(
      columns.features.map((_, j) => features?.[j]?.type !== 'category'),
      columns.targets.length,
    );
  }

  /** Adds rows: the codes of each column, features first. The first `count` are read. */
  add(codes: readonly Float32Array[], count: number): void {
    this.writer.addColumns(codes, count);
    this.leaks.add(codes, count);
  }

  /** Finishes the table. `decisions` and `warnings` have one entry per column. Throws `TOO_MANY_MISSING`. */
  finish(
    decisions: readonly Decided[],
    warnings: readonly (readonly string[])[],
    notes: Pick<TableNotes, 'left_out' | 'notices' | 'problems' | 'refused'>,
  ): TableInfo {
    const { features, targets } = this.columns;
    const names = [...features, ...targets];
    const byName = <T>(value: (i: number) => T) => Object.fromEntries(names.map((name, i) => [name, value(i)]));
    return this.writer.finish(
      {
        ...notes,
        reasons: byName((i) => decisions[i]!.why),
        warnings: byName((i) => [...warnings[i]!, ...this.leaks.of(i, targets)]),
      },
      decisions.slice(0, features.length).map(({ column }) => column),
    );
  }

  [Symbol.dispose](): void {
    this.writer.close();
  }
}
