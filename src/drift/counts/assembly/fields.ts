// Where the row counter finds the parts of its records and arrays. This file is both TypeScript and AssemblyScript:
// ../wasm-row-counter.ts writes the records by these names, row-counter.ts reads them by the same names and exports them, so
// that a binary compiled from another version of this list is refused when it is loaded.

// Addresses of the arrays of OrderedLists, 32 bits each.
export const LISTS_NUMBERS = 0;
export const LISTS_STARTS = 1;
export const LISTS_LOWS = 2;
export const LISTS_SCALES = 3;
export const LISTS_PARTS = 4;
export const LISTS_PART_COUNT = 5;

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

// Repeats: buckets, a power of two, and the slots of each: among 64 different rows, five share a bucket once in 600 times. Then
// its tally, float64: rows seen, repeats found, and the share of repeats among recent rows.
export const REPEAT_BUCKETS = 256;
export const REPEAT_WAYS = 4;
export const REPEATS_SEEN = 0;
export const REPEATS_FOUND = 1;
export const REPEATS_SHARE = 2;
