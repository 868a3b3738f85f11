#!/usr/bin/env bash
# Good guess: LanguageModelSAERunnerConfig(seed=42) ("The seed to use", 42 by default) seeds the training: one configuration
#   run twice gives one SAE, and seeds 1, 2, 3 give three.
# What happens: SAELens's training runners store the number and never use it; weights and the order of the activations come
#   from torch's global generator. Two runs of one configuration in a process start from unrelated dictionaries; three runs
#   with the seeds 1, 2 and 3 after one torch.manual_seed(0) (or each in a script that sets it) are one and the same SAE.
# Versions: sae-lens 6.54.12, transformer-lens 3.9.0, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - "$work/out" <<'PY'
import sys

import torch
from datasets import Dataset
from sae_lens import LanguageModelSAERunnerConfig, LanguageModelSAETrainingRunner, LoggingConfig, StandardTrainingSAEConfig
from transformer_lens import HookedTransformer, HookedTransformerConfig

torch.manual_seed(5)
shape = HookedTransformerConfig(n_layers=1, d_model=16, n_ctx=16, d_head=8, n_heads=2, d_vocab=50, act_fn="gelu", device="cpu")
model = HookedTransformer(shape)
texts = Dataset.from_dict({"tokens": torch.randint(50, (200, 16)).tolist()})


def train(seed):
    config = LanguageModelSAERunnerConfig(
        sae=StandardTrainingSAEConfig(d_in=16, d_sae=64), model_name="tiny", hook_name="blocks.0.hook_resid_post",
        dataset_path="none", is_dataset_tokenized=True, context_size=16, streaming=False, prepend_bos=False, seed=seed,
        training_tokens=1024, train_batch_size_tokens=128, store_batch_size_prompts=8, n_batches_in_buffer=8, device="cpu",
        logger=LoggingConfig(log_to_wandb=False), checkpoint_path=None, output_path=f"{sys.argv[1]}/{seed}", n_checkpoints=0,
    )  # fmt: skip
    assert config.seed == seed
    return LanguageModelSAETrainingRunner(config, override_model=model, override_dataset=texts).run().W_dec.detach()


def alike(a, b):
    return torch.nn.functional.cosine_similarity(a, b).mean().item()


one, again = train(42), train(42)
others = []
for seed in (1, 2, 3):
    torch.manual_seed(0)
    others.append(train(seed))
print("seed 42 twice, mean cosine of the decoder rows after training:", alike(one, again))
print("seeds 1, 2, 3, each after torch.manual_seed(0): equal", all(torch.equal(w, others[0]) for w in others))
assert abs(alike(one, again)) < 0.3
assert torch.equal(others[0], others[1]) and torch.equal(others[0], others[2])
PY
