#!/usr/bin/env bash
# Good guess: the "correlated features" of a latent in SAEDashboard (and so in the Neuronpedia JSON that it writes) are the latents
#   of the SAE whose activations correlate most with its own.
# What happens: they are looked for among the latents that are computed together alone, a batch of minibatch_size_features (256 by
#   default; Neuronpedia's n_features_at_a_time). In an SAE in which every latent has a twin in the other half, all 64 have their
#   twin (correlation 1.00) as first when the batch is 64, none of them when it is 32: the list then begins with another latent at
#   0.66, and nothing tells that 98 % of a usual SAE were never compared. Batch size is a setting of memory, and it changes the data.
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
half = torch.randn(latents // 2, d)
directions = torch.nn.functional.normalize(torch.cat([half, half + 0.01 * torch.randn(half.shape)]), dim=1)
sae.W_dec.data, sae.W_enc.data, sae.b_enc.data = directions, directions.T.clone(), torch.full((latents,), -0.3)
text = torch.randint(0, 50, (64, 32))

found = {}
for batch in (64, 32, 16):
    config = SaeVisConfig(hook_point=hook, features=list(range(latents)), minibatch_size_features=batch, device="cpu")
    data = SaeVisRunner(config).run(encoder=sae, model=model, tokens=text).feature_data_dict
    tables = [data[latent].feature_tables_data for latent in range(latents)]
    found[batch] = sum(table.correlated_features_indices[0] == (i + 32) % 64 for i, table in enumerate(tables))
    first = tables[0]
    listed = [f"{i} ({r:.2f})" for i, r in zip(first.correlated_features_indices, first.correlated_features_pearson)]
    print(f"{batch} latents a batch: {found[batch]} of 64 have their twin as first; of latent 0: {', '.join(listed)}")
assert found == {64: 64, 32: 0, 16: 0}, found
PY
