"""The fixtures of the pipeline harness."""

from tests.support.pipeline_harness import clock, works

__all__ = ["clock", "works"]
