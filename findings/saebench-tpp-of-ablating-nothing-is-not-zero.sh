#!/usr/bin/env bash
# Good guess: SAEBench's TPP compares a probe's accuracy before and after an ablation on the same texts, so that an ablation which changes
#   nothing scores exactly 0.
# What happens: the negative half of a class's test set is drawn anew, at random, for every accuracy that is measured, and positives and
#   negatives of the clean accuracy are others than those of the ablated one. An SAE of which no latent ever fires gets scores on both
#   sides of 0 (up to 0.014 of five classes here, 0.05 of one), and other ones at every number of latents and every seed. SCR is
#   free of it: its negatives are fixed.
# Versions: sae-bench 0.6.0, sae-lens 6.54.12, transformer-lens 3.9.0, torch 2.15.0. The accuracy of one fixed test set is the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0 scikit-learn==1.9.1
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps sae-bench==0.6.0 collectibles==0.1.5 tabulate==0.9.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PY'
import contextlib
import io

import torch
import sae_bench.evals.scr_and_tpp.main as tpp
import sae_bench.evals.sparse_probing.probe_training as probes
import sae_bench.sae_bench_utils.activation_collection as collection
from sae_lens import StandardSAE, StandardSAEConfig

torch.manual_seed(0)
torch.set_num_threads(1)
width, ns = 16, [2, 5, 10, 20]
sae = StandardSAE(StandardSAEConfig(d_in=width, d_sae=64, apply_b_dec_to_input=False))
with torch.no_grad():
    sae.b_enc.fill_(-1e6)  # no latent ever fires
classes = [f"class {c}" for c in range(5)]
texts = lambda n: {name: torch.randn(n, 4, width) + 0.6 * torch.randn(1, 1, width, generator=torch.Generator().manual_seed(c)) for c, name in enumerate(classes)}
train, test = texts(160), texts(200)
mean_train, mean_test = (collection.create_meaned_model_activations(each) for each in (train, test))
with contextlib.redirect_stdout(io.StringIO()):
    fitted, _ = probes.train_probe_on_activations(mean_train, mean_test, use_sklearn=False, epochs=2, l1_penalty=1e-3)
torch.set_grad_enabled(False)
scores = []
for seed in range(5):
    torch.manual_seed(seed)
    with contextlib.redirect_stdout(io.StringIO()):
        clean = tpp.get_probe_test_accuracy(fitted, classes, mean_test, 500, False)
        effects = tpp.get_all_node_effects_for_one_sae(sae, fitted, classes, False, train, 125)
        ablated = tpp.perform_feature_ablations(fitted, sae, 125, test, effects, ns, classes, 500, False)
        figures, per_class = tpp.create_tpp_plotting_dict(ablated, clean)
    mine = [figures[f"tpp_threshold_{n}_total_metric"] for n in ns]
    each = [abs(m[f"tpp_threshold_{n}_total_metric"]) for m in per_class.values() for n in ns]
    scores += mine
    print(f"seed {seed}: TPP of ablating nothing, n = {ns}:", " ".join(f"{value:+.4f}" for value in mine), f"; of one class up to {max(each):.4f}")
assert all(effect.abs().max() == 0 for effect in effects.values())
whole = torch.cat([tpp.ablated_precomputed_activations(test[name], sae, torch.zeros(64, dtype=torch.bool), 125) for name in classes])
assert torch.allclose(whole, torch.cat(list(mean_test.values())), atol=1e-5)
print("the ablated activations are the clean ones; only the negatives that are drawn differ")
assert max(scores) > 0 > min(scores) and max(map(abs, scores)) > 0.002
PY
