#!/usr/bin/env bash
# Good guess: the examples of SAEDashboard's (and Neuronpedia's) activation intervals are tokens on which the latent fires that
#   strongly; its density and histogram, on the same page, count only activations above 0.
# What happens: the lowest of the equal intervals is 0 <= activation <= max / n, with both ends. All silent tokens of the text are in
#   it, so for a sparse latent its examples are drawn from the silence: of 64 latents' lowest examples 9 in 10 are tokens on
#   which the latent is zero, and the title says that the interval contains nearly all tokens. Whoever rates or explains latents by
#   the weak intervals (the usual check for what a latent is at low activations) reads random text in its place. (The intervals are
#   of equal width; they are called quantiles.)
# Versions: sae-dashboard 0.8.0, sae-lens 6.54.12, transformer-lens 3.9.0, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0 matplotlib==3.11.2 dataclasses-json==0.6.7
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps sae-dashboard==0.8.0 eindex-callum==0.1.2 decode-clt==0.0.1
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PY'
import torch
from sae_dashboard.sae_vis_data import SaeVisConfig
from sae_dashboard.sae_vis_runner import SaeVisRunner
from sae_lens import HookedSAETransformer, StandardSAE, StandardSAEConfig
from transformer_lens import HookedTransformerConfig

torch.manual_seed(0)
hook, latents, d = "blocks.0.hook_resid_post", 64, 16
model = HookedSAETransformer(
    HookedTransformerConfig(n_layers=1, d_model=d, n_ctx=32, d_head=8, n_heads=2, d_vocab=50, act_fn="gelu", d_mlp=32, seed=0)
)
sae = StandardSAE(StandardSAEConfig(d_in=d, d_sae=latents, apply_b_dec_to_input=False))
directions = torch.nn.functional.normalize(torch.randn(latents, d), dim=1)
sae.W_dec.data, sae.W_enc.data, sae.b_enc.data = directions, directions.T.clone(), torch.full((latents,), -0.5)
config = SaeVisConfig(hook_point=hook, features=list(range(latents)), device="cpu")
data = SaeVisRunner(config).run(encoder=sae, model=model, tokens=torch.randint(0, 50, (64, 32))).feature_data_dict

middle = config.feature_centric_layout.seq_cfg.buffer[0]  # where the chosen token stands in an example
silent = {"lowest": [0, 0], "others": [0, 0]}
for latent in data.values():
    groups = latent.sequence_data.seq_group_data[1:]  # the first is that of the strongest
    for group in groups:
        count = silent["lowest" if group is groups[-1] else "others"]
        count[0] += sum(example.feat_acts[middle] == 0 for example in group.seq_data)
        count[1] += len(group.seq_data)
first = data[0]
print(first.acts_histogram_data.title.replace("<br>", ", "), "|", first.sequence_data.seq_group_data[-1].title.replace("<br>", ", "))
print("examples on whose chosen token the latent is silent:", {name: f"{a} of {b}" for name, (a, b) in silent.items()})
assert silent["lowest"][0] > 0.8 * silent["lowest"][1]
assert silent["others"][0] == 0
PY
