"""The service that the tests run against: `SERVICE_URL`, which they may train as they like."""

import os

import pandas as pd
import pytest

from reconstruction_regressor import Client


@pytest.fixture(scope="session")
def url() -> str:
    return os.environ["SERVICE_URL"]


@pytest.fixture
def client(url: str) -> Client:
    return Client(url)


@pytest.fixture(scope="session")
def cars() -> pd.DataFrame:
    return pd.read_csv(os.path.join(os.path.dirname(__file__), "../../../data/auto-mpg.csv"))
