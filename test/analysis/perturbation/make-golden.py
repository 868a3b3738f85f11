"""Writes saebench.json: what SAEBench's own code makes of probes, effects and ablations (TPP, SCR), on activations and an SAE that both sides compute.

    pip install sae-lens==6.54.12; pip install --no-deps sae-bench==0.6.0 collectibles==0.1.5 tabulate==0.9.0
    python test/analysis/perturbation/make-golden.py

Two things are taken out of its hands, so that nothing is random: a permutation takes every 37th, and a probe's weights start at zero.
"""
import json
import pathlib
import warnings

import torch

warnings.simplefilter("ignore")
import sae_bench.evals.scr_and_tpp.main as scr_and_tpp
import sae_bench.evals.sparse_probing.probe_training as probe_training
import sae_bench.sae_bench_utils.activation_collection as activation_collection
from sae_lens import StandardSAE, StandardSAEConfig

torch.randperm = lambda n, **_: torch.arange(n) * 37 % n
made = probe_training.Probe.__init__


def zeros(self, *args, **kwargs):
    made(self, *args, **kwargs)
    torch.nn.init.zeros_(self.net.weight)
    torch.nn.init.zeros_(self.net.bias)


probe_training.Probe.__init__ = zeros
width, latents, tokens = 6, 40, 4
counts = {"train": 60, "test": 40}


def noise(*places):
    """In [-0.5, 0.5), from whole numbers."""
    h = 17
    for place in places:
        h = (h * 31 + place + 1) % 2**32
        h = (h ^ h >> 15) * 2654435761 % 2**32
    return (h ^ h >> 13) / 2**32 - 0.5


cfg = StandardSAEConfig(d_in=width, d_sae=latents, apply_b_dec_to_input=False)
sae = StandardSAE(cfg)
with torch.no_grad():
    sae.W_enc[:] = torch.tensor([[noise(1, i, j) for j in range(latents)] for i in range(width)])
    sae.W_dec[:] = torch.tensor([[noise(2, j, i) for i in range(width)] for j in range(latents)])
    sae.b_enc[:] = torch.tensor([noise(3, j) for j in range(latents)])
    sae.b_dec[:] = torch.tensor([noise(4, i) for i in range(width)])


def texts(part, kind, mean):
    """[texts, tokens, width]; `mean` is what the kind adds to each dimension."""
    rows = [[[3 * noise(5, part == "test", kind, n, t, i) + mean[i] for i in range(width)] for t in range(tokens)] for n in range(counts[part])]
    return torch.tensor(rows, dtype=torch.float32)


def run(acts, classes, ns, scr):
    """As run_eval_single_dataset does, from the activations on."""
    meaned = {part: activation_collection.create_meaned_model_activations(acts[part]) for part in acts}
    torch.set_grad_enabled(True)
    probes, _ = probe_training.train_probe_on_activations(
        meaned["train"], meaned["test"], select_top_k=None, use_sklearn=False, batch_size=16, epochs=20, lr=1e-3, perform_scr=scr,
        early_stopping_patience=20, l1_penalty=1e-3,
    )
    torch.set_grad_enabled(False)
    clean = scr_and_tpp.get_probe_test_accuracy(probes, classes, meaned["test"], 500, scr)
    effects = scr_and_tpp.get_all_node_effects_for_one_sae(sae, probes, classes, scr, acts["train"], 125)
    ablated = scr_and_tpp.perform_feature_ablations(probes, sae, 125, acts["test"], effects, ns, classes, 500, scr)
    shown = {name: {"weights": probes[name].net.weight[0].tolist(), "bias": probes[name].net.bias.item(), "effects": effects[name].tolist()} for name in classes}
    return clean, ablated, shown


tpp_means = [[1 if i == c else -0.2 for i in range(width)] for c in range(3)]
tpp_acts = {part: {f"class {c}": texts(part, c, tpp_means[c]) for c in range(3)} for part in counts}
# No more than the fewest latents that speak for a class: beyond them SAEBench takes latents without an effect.
ns = [2, 5, 8]
clean, ablated, probes = run(tpp_acts, [f"class {c}" for c in range(3)], ns, False)
tpp, per_class = scr_and_tpp.create_tpp_plotting_dict(ablated, clean)

# Quadrants: professor and male, professor alone, male alone, neither. Being male is easier to tell.
quadrants = {part: [texts(part, 10 + q, [0.8 * (q in (0, 1)), 0, 1.6 * (q in (0, 2)), 0.2, -0.3, 0]) for q in range(4)] for part in counts}


def scr_sets(both, first, second, neither):
    half = len(both) // 2
    some = [q[:half] for q in (both, first, second, neither)]
    return {
        "male / female": torch.cat([some[0], some[2]]), "female_data_only": torch.cat([some[1], some[3]]),
        "professor / nurse": torch.cat([some[0], some[1]]), "nurse_data_only": torch.cat([some[2], some[3]]),
        "male_professor / female_nurse": both[: 2 * half], "female_nurse_data_only": neither[: 2 * half],
    }


import sae_bench.sae_bench_utils.dataset_info as dataset_info

scr_clean, scr_ablated, scr_probes = run(
    {part: scr_sets(*quadrants[part]) for part in counts}, list(dataset_info.PAIRED_CLASS_KEYS.keys()), ns, True
)
scr = scr_and_tpp.get_scr_plotting_dict(scr_ablated, scr_clean)


def rounded(value):
    if isinstance(value, dict):
        return {str(key): rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else float(f"{value:.7g}")


out = {"sae_bench": "0.6.0", "width": width, "latents": latents, "tokens": tokens, "counts": counts,
       "tpp": {"clean": clean, "probes": probes, "figures": tpp}, "scr": {"clean": scr_clean, "probes": scr_probes, "figures": scr}}
out = {key: value if key == "sae_bench" else rounded(value) if isinstance(value, dict) else value for key, value in out.items()}
(pathlib.Path(__file__).parent / "saebench.json").write_text(json.dumps(out) + "\n")
