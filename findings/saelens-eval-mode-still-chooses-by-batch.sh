#!/usr/bin/env bash
# Good guess: after .eval() a BatchTopK SAE uses the threshold that it learnt, as in the paper and as dictionary_learning does by default, so
#   that a row has the same latents whatever other rows are in the batch.
# What happens: SAELens' BatchTopKTrainingSAE takes the k * rows largest activations of the batch in .eval() too; topk_threshold is learnt and
#   not used before the SAE is saved as JumpReLU. A quiet row has 4 latents when it is alone and none among louder ones. SAEBench's
#   meta_structure evaluates so: what it says of a decoder depends on eval_batch_size.
# Versions: sae-lens 6.54.12, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PY'
import torch
from sae_lens.saes.batchtopk_sae import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
from sae_lens.saes.sae import TrainStepInput

torch.manual_seed(0)
sae = BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(d_in=16, d_sae=64, k=4))
rows = torch.randn(256, 16)
for step in range(500):
    sae.training_forward_pass(TrainStepInput(sae_in=rows, coefficients={}, dead_neuron_mask=None, n_training_steps=step, is_logging_step=False))
sae.eval()
threshold = sae.topk_threshold.item()
quiet, loud = 0.1 * rows[:1], 10 * rows[1:]
with torch.no_grad():
    alone = (sae.encode(quiet) > 0).sum().item()
    among = (sae.encode(torch.cat([quiet, loud]))[0] > 0).sum().item()
    smallest = sae.encode(quiet)[sae.encode(quiet) > 0].min().item()
print(f"learnt threshold {threshold:.4f}; in .eval() the quiet row has {alone} latents alone, {among} among louder rows; alone its "
      f"weakest fires at {smallest:.5f}")
assert threshold > 0 and alone == 4 and among == 0 and smallest < threshold / 2
PY
