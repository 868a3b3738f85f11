#!/usr/bin/env bash
# Good guess: run_sae_evals probes the SAE that it is given; a loop over SAEs with one results_path writes, or at least refuses
#   to mix up, each one's scores.
# What happens: what is kept is found by model, dataset, hook and kind of probe; neither the SAE nor ks nor the seed is part of
#   it. The second SAE, which knows the answer, is "skipped", and the file that its loop then reads holds the scores of the first,
#   which knows nothing; so it is after the same SAE has been trained on.
# Versions: sae-probes 0.4.2, sae-lens 6.54.12, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-probes==0.4.2 sae-lens==6.54.12 torch==2.15.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY' 2> "$work/progress" || { cat "$work/progress"; exit 1; }
import contextlib
import io
import json
from pathlib import Path

import torch
from sae_lens import StandardSAE, StandardSAEConfig
from sae_probes import run_sae_evals
from sae_probes.utils_data import get_numbered_binary_tags, get_yvals

torch.manual_seed(0)
dataset, hook, width = get_numbered_binary_tags()[0], "blocks.0.hook_resid_post", 16
label = torch.tensor(get_yvals(dataset)).float()
# activations as a model would have left them: the label along the first dimension, noise along all
rows = torch.randn(len(label), width)
rows[:, 0] += 6 * label
where = Path("activations/model_activations_a-model")
where.mkdir(parents=True)
torch.save(rows, where / f"{dataset}_{hook}.pt")

def sae(encoder):
    made = StandardSAE(StandardSAEConfig(d_in=width, d_sae=width, device="cpu", dtype="float32"))
    made.W_enc.data, made.b_enc.data = encoder, torch.zeros(width)
    return made
ignorant = torch.eye(width)
ignorant[0, 0] = 0  # blind to the dimension of the label
knowing = torch.eye(width)

def auc(name, encoder, results):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        run_sae_evals(sae(encoder), "a-model", hook, "l1", "normal", ks=[1], results_path=results,
                      model_cache_path="activations", datasets=[dataset], device="cpu")
    kept = next(Path(results).rglob("*.json"))
    value = json.loads(kept.read_text())[0]["test_auc"]
    print(f"{name}: AUC {value:.3f}" + (" (Skipping)" if "Skipping" in said.getvalue() else ""))
    return value

first = auc("blind SAE", ignorant, "results")
second = auc("knowing SAE, same results_path", knowing, "results")
alone = auc("knowing SAE, a folder of its own", knowing, "other")
assert first < 0.65 and second == first and alone > 0.95
PY
