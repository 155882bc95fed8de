"""The ids of the Create model page."""

from dashboard.ids import watched

MODEL_PREPARATION = "model-preparation"
MODEL_NAME = "model-name"
MODEL_DRAWING = "model-drawing"
MODEL_NUMBERS = "model-numbers"
MODEL_MESSAGE = "model-message"
MODEL_CREATE = "model-create"
MODEL_ERROR = "model-error"  # the sentence on settings that cannot be used, or ""
MODEL_SAME = "model-same"
RATE = watched("rate-sweep")
RATE_GO = "rate-sweep-go"
RATE_FIGURE = "rate-sweep-figure"
RATE_RESULT = "rate-sweep-result"
RATE_TEXT = "rate-sweep-text"
RATE_USE = "rate-sweep-use"
RATE_SUGGESTED = "rate-sweep-suggested"
FORECAST = "forecast"
FORECAST_TICK = "forecast-tick"
FORECAST_REQUEST = "forecast-request"
MODEL_START = "model-start"
