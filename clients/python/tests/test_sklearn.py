import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from reconstruction_regressor import Client
from reconstruction_regressor.sklearn import ReconstructionRegressor


def test_fits_predicts_and_scores_frames(url, cars):
    cars = cars.dropna(subset=["mpg"])
    X, y = cars.drop(columns="mpg"), cars["mpg"]
    regressor = ReconstructionRegressor(url)
    assert regressor.fit(X, y) is regressor
    assert regressor.predict(X).shape == (len(X),)
    assert regressor.score(X, y) > 0.8
    assert list(regressor.feature_names_in_) == list(X.columns)
    assert clone(regressor).get_params() == regressor.get_params()
    Client(url).train(cars, "mpg", epochs=2, promote="always")
    with pytest.raises(RuntimeError, match="serves at"):
        regressor.predict(X)


def test_arrays_pipelines_and_several_targets(url):
    random = np.random.default_rng(2)
    X = random.normal(size=(300, 3))
    y = np.column_stack([X.sum(axis=1), X[:, 0] - X[:, 1]])
    pipeline = make_pipeline(FunctionTransformer(), ReconstructionRegressor(url, epochs=20))
    assert pipeline.fit(X, y).predict(X[:5]).shape == (5, 2)
    scores = cross_val_score(ReconstructionRegressor(url, epochs=20), X, y[:, 0], cv=2)
    assert scores.min() > 0.8
    named = pd.Series(y[:, 0], name="x1")
    assert ReconstructionRegressor(url, epochs=2).fit(pd.DataFrame(X).rename(columns={0: "x1"}), named).targets_ == ["x1_target"]


def test_no_text_of_an_estimator_shows_its_token():
    regressor = ReconstructionRegressor(token="planted")
    pipeline = make_pipeline(FunctionTransformer(), clone(regressor))
    for estimator in (regressor, pipeline):
        assert "planted" not in repr(estimator) + estimator._repr_html_()
    assert clone(pipeline)[-1].token == pickle.loads(pickle.dumps(regressor)).token == "planted"
