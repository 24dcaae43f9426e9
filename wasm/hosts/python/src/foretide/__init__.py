"""Forecasts of what containers will use (CPU, memory, disk, network).

MultiMetricPredictor forecasts from tables of metrics and a folder of checkpoints;
Foretide is the module underneath, for windows and bytes of one's own.
"""

from ._bytes import Description, Forecast, Horizon, Report, Window
from ._host import Foretide, ForetideError, Model
from ._predictor import MultiMetricPredictor

__all__ = ["Description", "Forecast", "Foretide", "ForetideError", "Horizon", "Model", "MultiMetricPredictor", "Report", "Window"]
