# NannyML's direct loss estimation of the RMSE of windows, for label-drift.ts.
# Usage: python nannyml_dle.py DIRECTORY ROWS, where reference.csv has y_true and y_pred beside the features, and windows.csv
# has windows of ROWS rows one after another, without y_true. Prints the version and the RMSE of each window as JSON.
import json
import sys

import nannyml
import pandas

directory, rows = sys.argv[1], int(sys.argv[2])
reference = pandas.read_csv(f"{directory}/reference.csv")
windows = pandas.read_csv(f"{directory}/windows.csv")
features = [name for name in reference.columns if name not in ("y_true", "y_pred")]
estimator = nannyml.DLE(
    feature_column_names=features, y_pred="y_pred", y_true="y_true", metrics=["rmse"], chunk_size=rows
)
estimator.fit(reference)
frame = estimator.estimate(windows).filter(period="analysis").to_df()
print(json.dumps({"version": nannyml.__version__, "rmse": [float(value) for value in frame[("rmse", "value")]]}))
