"""Opens results of sae-pipeline as pandas and torch objects, and runs experiments."""

from .artifact import Artifact, open_artifact
from .experiment import Experiment, PipelineError

__all__ = ["Artifact", "Experiment", "PipelineError", "open_artifact"]
