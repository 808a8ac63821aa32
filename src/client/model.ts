/** A value of a row. null is a missing value; times are ISO 8601. */
export type Cell = number | string | boolean | null;

/**
 * What a client knows of a model: `reconstruction-regressor types` writes it. `Row` is a row by name, in which features that may
 * be missing are optional. `Targets` are the names of the targets, in order.
 */
export interface Model<
  Row extends object = Readonly<Record<string, Cell>>,
  Targets extends readonly string[] = readonly string[],
> {
  /** The features, in order. */
  readonly features: readonly string[];
  readonly targets: Targets;
  /** Exists for the compiler alone. */
  readonly row?: Row;
}

/** The type of a row of a model. */
export type RowOf<M extends Model<object>> = NonNullable<M['row']>;

/** A number for each target of a model. */
export type TargetValues<M extends Model<object>> = Numbers<M['targets']>;

type Numbers<Names extends readonly string[]> = { -readonly [K in keyof Names]: number };

/** The columns of a table of a model: values of the same row at the same index. */
export type ColumnsOf<M extends Model<object>> = { readonly [K in keyof RowOf<M>]: Column<RowOf<M>[K]> };

/** The values of a column. In an array of numbers, NaN is a missing value as well. */
export type Column<Value = Cell> =
  | readonly (Value | null | undefined)[]
  | (number extends Value
      ? Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint32Array | Uint16Array | Uint8Array
      : never);

/** Describes a model with the type of its rows. */
export function defineModel<Row extends object>() {
  return <const Targets extends readonly string[]>(model: {
    readonly features: readonly (keyof Row & string)[];
    readonly targets: Targets;
  }): Model<Row, Targets> => model;
}
