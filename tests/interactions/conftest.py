"""The fixtures of the pipeline harness."""

from tests.support.pipeline_harness import clock, pipeline_harness

__all__ = ["clock", "pipeline_harness"]
