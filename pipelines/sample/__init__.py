"""The sample: a coherent fictional company's exports in real vendors' formats."""

from pipelines.sample.generate import generate
from pipelines.sample.scope import SampleError
from pipelines.sample.truth import SampleTruth

__all__ = ["SampleError", "SampleTruth", "generate"]
