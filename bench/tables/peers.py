"""Splits a table that a Python package ships, and fits the peers' models to it, for bench/tables/tables.ts.

python peers.py SOURCE ITEM TARGET SEEDS DIRECTORY CACHE

Writes DIRECTORY/train-SEED.csv, DIRECTORY/test-SEED.csv (without the target) for each of SEEDS splits, and prints one line
of JSON: what the table is, and for each split the targets of the test rows and the mean squared errors of the models. The
errors are kept in the directory CACHE until the rows, a package or this script change.
"""
import json
import sys
import warnings

import numpy as np
import pandas as pd
from catboost import CatBoostRegressor
from lightgbm import LGBMRegressor
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from frames import cached, is_text, load, prepared, splits_of, with_few_levels

# HistGradientBoostingRegressor takes at most 255 levels of a category, one of them for the rare ones.
MAX_LEVELS = 254
PACKAGES = ["numpy", "pandas", "scikit-learn", "catboost", "lightgbm"]


def scikit_models(seed):
    one_hot = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
        (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include="number")),
    )
    network = MLPRegressor(hidden_layer_sizes=(30,) * 5, early_stopping=True, random_state=seed)
    return {
        "hgb": HistGradientBoostingRegressor(categorical_features="from_dtype", random_state=seed),
        "ridge": make_pipeline(one_hot, RidgeCV(alphas=np.logspace(-3, 3, 13))),
        "mlp": make_pipeline(one_hot, TransformedTargetRegressor(network, transformer=StandardScaler())),
    }


def catboost(seed, x):
    categories = [name for name, column in x.items() if isinstance(column.dtype, pd.CategoricalDtype)]
    return CatBoostRegressor(random_seed=seed, cat_features=categories, verbose=False, allow_writing_files=False)


def errors_of(seed, x, y, train, test):
    """Mean squared errors of the models over the test rows."""
    truth = y.iloc[test].to_numpy()
    error = lambda predicted: float(np.mean((truth - predicted) ** 2))
    mse = {"mean": error(y.iloc[train].mean())}
    few = with_few_levels(x, MAX_LEVELS)
    for name, model in scikit_models(seed).items():
        mse[name] = error(model.fit(few.iloc[train], y.iloc[train]).predict(few.iloc[test]))
    # LightGBM refuses some characters in names.
    plain = x.set_axis([f"x{i}" for i in range(x.shape[1])], axis=1)
    booster = LGBMRegressor(random_state=seed, verbosity=-1)
    mse["lightgbm"] = error(booster.fit(plain.iloc[train], y.iloc[train]).predict(plain.iloc[test]))
    # CatBoost takes no gaps in categories, but a text for them.
    texts = x.apply(lambda c: c.astype(object).fillna("").astype("category") if c.dtype == "category" else c)
    model = catboost(seed, texts).fit(texts.iloc[train], y.iloc[train])
    mse["catboost"] = error(model.predict(texts.iloc[test]))
    return mse


def main(source, item, target, seeds, directory, cache):
    warnings.filterwarnings("ignore")
    frame = load(source, item)
    x, y = prepared(frame.drop(columns=target)), frame[target].astype(float)
    splits = []
    for seed, train, test in splits_of(frame, target, seeds, directory):
        key = [seed, x.to_csv(), y.to_csv(), train.tobytes(), test.tobytes()]
        mse = cached(cache, PACKAGES, __file__, key, lambda: errors_of(seed, x, y, train, test))
        splits.append({"targets": y.iloc[test].tolist(), "mse": mse})
    texts = [name for name, column in frame.drop(columns=target).items() if is_text(column)]
    print(json.dumps({"rows": len(frame), "features": frame.shape[1] - 1, "texts": texts, "splits": splits}))


main(*sys.argv[1:])
