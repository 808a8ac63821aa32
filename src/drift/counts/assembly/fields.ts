// Where the row counter finds its data. This file is both TypeScript and AssemblyScript: ../wasm-row-counter.ts writes the
// records by these names, row-counter.ts reads them by the same names and exports them, so that a binary compiled from
// another version of this list is refused when it is loaded.

// The counter's record: sizes and addresses, 32 bits each.
export const COUNTER_FEATURES = 0;
export const COUNTER_OUTPUTS = 1;
export const COUNTER_CHANNELS = 2;
// The rows at hand: `[count, features]` and `[count, outputs]` float32, `[count]` float32.
export const COUNTER_ROWS = 3;
export const COUNTER_PREDICTIONS = 4;
export const COUNTER_ERRORS = 5;
// Copies from RowReader, which are only read. `DISTANCE_RANKS` is 0 if the baseline has no conditional channels.
export const COUNTER_LIMITS = 6;
export const COUNTER_COLUMN_MEANS = 7;
export const COUNTER_COLUMN_DEVIATIONS = 8;
export const COUNTER_EDGES = 9;
export const COUNTER_GRIDS = 10;
export const COUNTER_GRID_SCORES = 11;
export const COUNTER_ERROR_RANKS = 12;
export const COUNTER_DISTANCE_RANKS = 13;
export const COUNTER_MEAN = 14;
// The precision matrix column by column, `[features, stride]`, and its diagonal.
export const COUNTER_PRECISION = 15;
export const COUNTER_DIAGONAL = 16;
export const COUNTER_STRIDE = 17;
// The latest row: `[channels]` float64, `[channels]` bytes, `[features]` and `[stride]` float64.
export const COUNTER_VALUES = 18;
export const COUNTER_BINS = 19;
export const COUNTER_SCORES = 20;
export const COUNTER_WHITENED = 21;
// Each channel's first bin and number of bins.
export const COUNTER_OFFSETS = 22;
export const COUNTER_BIN_COUNTS = 23;
// Arrays of RowCounts.
export const COUNTER_COUNTS = 24;
export const COUNTER_PLACES = 25;
export const COUNTER_SUMS = 26;
export const COUNTER_TOTALS = 27;
// Arrays of Counters, and the bounds of its buckets.
export const COUNTER_P_BOUNDS = 28;
export const COUNTER_P_VALUES = 29;
export const COUNTER_P_SUM = 30;
// Arrays of HistogramCharts.
export const COUNTER_INVERSE_SHARES = 31;
export const COUNTER_WEIGHTS = 32;
export const COUNTER_SCALES = 33;
export const COUNTER_SQUARES = 34;
// Arrays of Charts.
export const COUNTER_CHART_LIMITS = 35;
export const COUNTER_ERROR_CHART = 36;

// Addresses of the arrays of OrderedLists, 32 bits each.
export const LISTS_NUMBERS = 0;
export const LISTS_STARTS = 1;
export const LISTS_LOWS = 2;
export const LISTS_SCALES = 3;
export const LISTS_PARTS = 4;

// Addresses of the lists and arrays of RankTable, 32 bits each.
export const RANKS_VALUES = 0;
export const RANKS_PS = 1;
export const RANKS_TIED_SCORES = 2;
export const RANKS_GAP_SCORES = 3;

// Totals of RowCounts, float64.
export const TOTAL_ROWS = 0;
export const TOTAL_SCORES = 1;

// The chart of the error in Charts, float64: its level, the baseline's mean score, the square of the distance that the level
// may have from it, and the weight of the newest row, which all charts share.
export const ERROR_CHART_LEVEL = 0;
export const ERROR_CHART_MEAN = 1;
export const ERROR_CHART_SQUARED_LIMIT = 2;
export const ERROR_CHART_LAMBDA = 3;
