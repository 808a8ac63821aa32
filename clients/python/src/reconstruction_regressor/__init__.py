"""Client of reconstruction-regressor: pandas in, pandas out."""

from .client import Client
from .drift import DriftReport
from .errors import ServiceError
from .types import Job, Model, Version

__all__ = ["Client", "DriftReport", "Job", "Model", "ServiceError", "Version"]
