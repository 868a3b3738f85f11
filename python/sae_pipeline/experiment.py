"""An experiment file, run by the pipeline's own command."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

from .artifact import Artifact, open_artifact


class PipelineError(RuntimeError):
    """The command failed; the message is what it said."""


@dataclass(frozen=True)
class Experiment:
    """`Experiment("experiments/quickstart.yaml").run().result("sae[width=512]")`."""

    file: str | Path
    settings: dict[str, object] = field(default_factory=dict)
    """Numbers of the file that are changed: `--set`."""
    command: Sequence[str] = ("npx", "pipeline")
    folder: str | Path = "."
    """Where the command runs; the file's path starts there."""

    def _call(self, *arguments: str) -> str:
        settings = [part for name, value in self.settings.items() for part in ("--set", f"{name}={_written(value)}")]
        done = subprocess.run(
            [*self.command, *arguments, *settings], cwd=self.folder, capture_output=True, text=True, encoding="utf-8"
        )
        if done.returncode != 0:
            raise PipelineError(f"pipeline {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def run(self, *stages: str) -> Experiment:
        """Runs what is missing of these stages, or of all. Results that are there are hits."""
        self._call("run", str(self.file), *stages)
        return self

    def result(self, stage: str, into: str | Path | None = None) -> Artifact:
        """A stage's result, every byte checked, copied to `into` (a fresh folder, by default a temporary one that stays)."""
        target = Path(into).resolve() if into else Path(tempfile.mkdtemp(prefix="sae-pipeline-")) / "result"
        self._call("export", str(self.file), stage, str(target))
        return open_artifact(target)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
