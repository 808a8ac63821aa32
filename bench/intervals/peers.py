"""Splits a table that a Python package ships, and finds MAPIE's prediction intervals around HGB, for bench/intervals/intervals.ts.

python peers.py SOURCE ITEM TARGET SEEDS DIRECTORY CACHE

Writes DIRECTORY/train-SEED.csv, DIRECTORY/test-SEED.csv (without the target) for each of SEEDS splits, and prints one line
of JSON: the number of rows, and for each split the targets of the test rows, and by level the share of them that are within
MAPIE's intervals and the mean width of these. Intervals are kept in the directory CACHE until the rows, a package or this
script change.
"""
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from mapie.regression import SplitConformalRegressor
from sklearn.ensemble import HistGradientBoostingRegressor

sys.path.append(str(Path(__file__).parent.parent / "tables"))
from frames import cached, load, prepared, splits_of, with_few_levels  # noqa: E402

LEVELS = [0.8, 0.9, 0.95]
# Of the rows to train on, for the scores: MAPIE's documentation has 60 % to fit to, 20 % for the scores, and 20 % to test with.
CONFORMAL_SHARE = 0.25
# See bench/tables/peers.py.
MAX_LEVELS = 254
PACKAGES = ["numpy", "pandas", "scikit-learn", "mapie"]


def coded(x):
    """Categories as numbers, since MAPIE tries its model on a row of zeros. Returns which columns they are as well."""
    is_category = [isinstance(dtype, pd.CategoricalDtype) for dtype in x.dtypes]
    codes = x.apply(lambda c: c.cat.codes.where(c.notna(), np.nan) if isinstance(c.dtype, pd.CategoricalDtype) else c)
    return codes.to_numpy(dtype=float), is_category


def intervals_of(seed, x, y, train, test):
    x, is_category = coded(x)
    y = y.to_numpy()
    count = round(len(train) * CONFORMAL_SHARE)
    conformal, fitted = train[:count], train[count:]
    model = SplitConformalRegressor(
        HistGradientBoostingRegressor(categorical_features=is_category, random_state=seed),
        confidence_level=LEVELS,
        prefit=False,
    )
    model.fit(x[fitted], y[fitted]).conformalize(x[conformal], y[conformal])
    _, bounds = model.predict_interval(x[test])
    truth = y[test]
    low, high = bounds[:, 0, :], bounds[:, 1, :]
    return {
        "coverage": np.mean((low <= truth[:, None]) & (truth[:, None] <= high), axis=0).tolist(),
        "width": np.mean(high - low, axis=0).tolist(),
    }


def main(source, item, target, seeds, directory, cache):
    warnings.filterwarnings("ignore")
    frame = load(source, item)
    x = with_few_levels(prepared(frame.drop(columns=target)), MAX_LEVELS)
    y = frame[target].astype(float)
    splits = []
    for seed, train, test in splits_of(frame, target, seeds, directory):
        key = [seed, x.to_csv(), y.to_csv(), train.tobytes(), test.tobytes()]
        mapie = cached(cache, PACKAGES, __file__, key, lambda: intervals_of(seed, x, y, train, test))
        splits.append({"targets": y.iloc[test].tolist(), "mapie": mapie})
    print(json.dumps({"rows": len(frame), "levels": LEVELS, "splits": splits}))


main(*sys.argv[1:])
