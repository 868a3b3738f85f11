#!/usr/bin/env bash
# Good guess: delphi's load_data(scores, ["layers.1", "layers.10"]) reads each latent's score file once, under its module.
# What happens: it globs *layers.1*, which is also the beginning of layers.10, layers.11 and so on. Scores of layers 10 to
#   19 are counted a second time as layer 1's (residual hook points of sparsify are named so), and the frequency-weighted
#   F1 looks these latents' numbers up in layer 1's firing counts. And compute_confusion's failed_count, meant for answers
#   of the scorer model that could not be parsed, is the length of the valid rows less itself: always 0.
# Versions: eai-delphi 0.1.3, torch 2.15.0. vllm, which only runs the language model, is left out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" torch==2.15.0 numpy==2.4.6 transformers==5.24.0 \
  simple-parsing==0.1.9 orjson==3.11.4 blobfile==3.3.0 jaxtyping==0.3.11 asyncer==0.0.18 safetensors==0.8.0 \
  pandas==3.1.1 plotly==7.1.0 scikit-learn==1.9.1 faiss-cpu==1.15.1 sentence-transformers==6.2.0
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps eai-delphi==0.1.3 # without its vllm
"$work/venv/bin/python" - "$work/run/scores" <<'PY'
import json
import sys
from pathlib import Path

from delphi.log.result_analysis import compute_classification_metrics, compute_confusion, load_data

scores = Path(sys.argv[1])
(scores / "detection").mkdir(parents=True)


def answer(activating, prediction):
    return {"str_tokens": ["a"], "distance": 0, "activating": activating, "prediction": prediction,
            "probability": None, "correct": activating == prediction, "activations": [0.0]}  # fmt: skip


right = [answer(True, True), answer(False, False)] * 5
wrong = [answer(True, False), answer(False, True)] * 5 + [answer(True, None)] * 4  # four could not be parsed
(scores / "detection" / "layers.1_latent7.txt").write_text(json.dumps(right))  # layer 1 is perfect
for latent in (7, 8, 9):
    (scores / "detection" / f"layers.10_latent{latent}.txt").write_text(json.dumps(wrong))

frame, _ = load_data(scores, ["layers.1", "layers.10"])
accuracy = {}
for module, rows in frame.groupby("module"):
    confusion = compute_confusion(rows)
    accuracy[module] = float(compute_classification_metrics(confusion)["accuracy"])
    print(module, "latents", rows.groupby("latent_idx").size().to_dict(), "balanced accuracy", accuracy[module],
          "unparsed", int(rows["prediction"].isna().sum()), "failed_count", int(confusion["failed_count"]))  # fmt: skip
    assert confusion["failed_count"] == 0
alone, _ = load_data(scores, ["layers.10"])
print("rows on disk", 10 + 3 * 14, "rows loaded", len(frame))
assert len(frame) == 10 + 2 * 3 * 14 and len(alone) == 3 * 14
assert accuracy["layers.10"] == 0 and abs(accuracy["layers.1"] - 0.25) < 1e-9
PY
