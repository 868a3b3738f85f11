"""A result in a folder, as `pipeline export` leaves it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from safetensors.torch import load_file


@dataclass(frozen=True)
class Artifact:
    """The files of a result. Nothing is read before it is asked for."""

    folder: Path

    @cached_property
    def kind(self) -> str:
        """Name of the kind: Sae, Activations, Dashboard, ..."""
        return self.json("artifact.json")["kind"]

    @cached_property
    def metrics(self) -> pd.Series:
        """Numbers by name; NaN where one could not be measured: `unmeasured` says why."""
        numbers = self.json("metrics.json") if "metrics.json" in self.files else {}
        return pd.Series(numbers | {name: np.nan for name in self.unmeasured}, dtype="float64")

    @cached_property
    def unmeasured(self) -> dict[str, str]:
        return self.json("artifact.json").get("unmeasured", {})

    @cached_property
    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def path(self, name: str) -> Path:
        """Of a file of this result; one that is not there is told with those that are."""
        if name not in self.files:
            raise FileNotFoundError(f"{self.folder} ({self.kind}) has no {name}; it has {', '.join(self.files)}")
        return self.folder / name

    def json(self, name: str) -> Any:
        file = self.folder / name if name == "artifact.json" else self.path(name)
        return json.loads(file.read_text(encoding="utf-8"))

    def batches(self, name: str) -> Iterator[pa.RecordBatch]:
        """Record batches of an Arrow file, one at a time: for files that are larger than memory."""
        with pa.memory_map(str(self.path(name))) as file:
            reader = pa.ipc.open_file(file)
            for i in range(reader.num_record_batches):
                yield reader.get_batch(i)

    def frame(self, name: str) -> pd.DataFrame:
        """An Arrow file, a row a row; a list (an activation, the tokens of an example) is one array in its cell."""
        with pa.memory_map(str(self.path(name))) as file:
            table = pa.ipc.open_file(file).read_all()
            return pd.DataFrame({column: _cells(table.column(column)) for column in table.column_names})

    def tensor(self, name: str, column: str) -> torch.Tensor:
        """A column of an Arrow file, [rows] or [rows, width], in memory of its own."""
        parts = [_numbers(batch.column(column)) for batch in self.batches(name)]
        if not parts:
            raise ValueError(f"{self.folder / name} has no rows")
        return torch.from_numpy(np.concatenate(parts))

    def tensors(self, name: str | None = None) -> dict[str, torch.Tensor]:
        """All tensors of a safetensors file; without a name, of the only one that there is."""
        found = [name] if name else [file for file in self.files if file.endswith(".safetensors")]
        if len(found) != 1:
            raise ValueError(f"{self.folder} has {len(found)} safetensors files: {', '.join(found) or 'none'}; name one")
        return load_file(self.path(found[0]))

    def saelens(self, **options: Any) -> Any:
        """The SAE as SAELens loads it (pip install sae-lens)."""
        if self.kind != "Sae":
            raise TypeError(f"{self.folder} holds {self.kind}, not Sae")
        from sae_lens import SAE

        return SAE.load_from_disk(self.folder, **options)

    def wandb(self, project: str, *, curve: str = "curve.arrow", mode: str = "offline", **options: Any) -> Path:
        """The training curve and the metrics as a run of Weights & Biases (pip install wandb); the folder of the run.

        Nothing leaves the machine until `wandb sync FOLDER`, unless `mode="online"`. `options` are those of `wandb.init`.
        """
        rows = self.frame(curve) if curve in self.files else pd.DataFrame({"step": []})
        import wandb

        with wandb.init(project=project, mode=mode, **options) as run:
            run.config.update(self.json("cfg.json") if "cfg.json" in self.files else {})
            for row in rows.to_dict("records"):
                values = {name: value for name, value in row.items() if name != "step" and value == value}
                # A row that is left open is closed at the end of the run, over the summary.
                run.log(values, step=int(row["step"]), commit=True)
            run.summary.update(self.metrics.dropna().to_dict())
            return Path(run.dir).parent


def _numbers(array: pa.Array) -> np.ndarray:
    if array.null_count > 0:
        raise ValueError("the column has nulls")
    if not pa.types.is_fixed_size_list(array.type):
        return array.to_numpy(zero_copy_only=False)
    return array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), array.type.list_size)


def _cells(column: pa.ChunkedArray) -> Any:
    if pa.types.is_fixed_size_list(column.type):
        return [row for chunk in column.chunks for row in _numbers(chunk)]
    return column.to_pandas()


def open_artifact(folder: str | Path) -> Artifact:
    """A folder that `pipeline export FILE STAGE FOLDER` wrote."""
    path = Path(folder).resolve()
    if not (path / "artifact.json").is_file():
        raise FileNotFoundError(f"{path} holds no result: there is no artifact.json; pipeline export writes one")
    return Artifact(path)
