#!/usr/bin/env bash
# Good guess: with special tokens left out of the evaluation, SAELens' ce_loss_score compares like with like: the reconstruction and the
#   zeros take the place of the same activations, so that an SAE that gives nothing but zeros has a score of 0.
# What happens: ignored tokens keep their activation where the SAE's output is put in, and lose it in the ablation that the score divides
#   by. Zeros at BOS alone, where attention rests, harm the model: an SAE that gives zeros everywhere scores far from 0, though what it
#   does to every evaluated token is what the ablation does. The same holds for kl_div_score.
# Versions: sae-lens 6.54.12, transformer-lens 3.9.0, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PY'
import torch
from sae_lens import StandardSAE, StandardSAEConfig
from sae_lens import evals
from sae_lens.saes.sae import SAEMetadata
from sae_lens.training.activation_scaler import ActivationScaler
from transformer_lens import HookedTransformer, HookedTransformerConfig

torch.manual_seed(0)
hook, bos = "blocks.0.hook_resid_post", 0
cfg = HookedTransformerConfig(n_layers=2, d_model=32, n_heads=2, d_head=16, d_mlp=64, d_vocab=50, n_ctx=16, act_fn="gelu",
                              normalization_type="LN", seed=0, initializer_range=0.3, device="cpu")
model = HookedTransformer(cfg)
tokens = torch.randint(1, 50, (64, 16))
tokens[:, 0] = bos
# Every token after BOS is predicted by the model itself, so that it has something to lose.
with torch.no_grad():
    for position in range(1, 16):
        tokens[:, position] = model(tokens)[:, position - 1, 1:].argmax(-1) + 1
sae = StandardSAE(StandardSAEConfig(d_in=32, d_sae=64, metadata=SAEMetadata(hook_name=hook)))
for parameter in sae.parameters():
    parameter.data.zero_()


class Store:
    def get_batch_tokens(self, _=None):
        return tokens


def score(ignored):
    with torch.no_grad():
        return evals.get_downstream_reconstruction_metrics(
            sae, model, Store(), ActivationScaler(), compute_kl=True, compute_ce_loss=True, n_batches=1,
            eval_batch_size_prompts=64, ignore_tokens=ignored)


everything, without_bos = score([]), score([bos])
for name in ("ce_loss_score", "kl_div_score"):
    print(f"{name} of an SAE that gives zeros: {everything[name]:.4f}; with BOS ignored: {without_bos[name]:.4f}")
print(f"with the SAE {without_bos['ce_loss_with_sae']:.4f}, with zeros {without_bos['ce_loss_with_ablation']:.4f}")
assert abs(everything["ce_loss_score"]) < 1e-5
assert abs(without_bos["ce_loss_score"]) > 0.02
PY
