#!/usr/bin/env bash
# Good guess: logging only looks. Two runs of dictionary_learning's trainSAE with one seed and the same data give the same
#   SAE, whether or not (and however often) the statistics are printed or sent to Weights & Biases.
# What happens: a logged step calls trainer.loss() once more, and loss() is what counts tokens and keeps the running
#   threshold. The BatchTopK threshold, by which the saved SAE will select, is another one, and the tokens since each latent
#   fired (10M make it dead, for the auxiliary loss) are counted twice on every logged step: with log_steps = 1 a latent is
#   dead after 5M tokens. The weights of these few steps agree; only what loss() remembers differs.
# Versions: dictionary-learning 0.1.0, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" dictionary-learning==0.1.0 torch==2.15.0 numpy==2.4.6 nnsight==0.3.7 \
  transformers==5.24.0 datasets==5.2.0 accelerate==1.15.0 einops==0.8.2
"$work/venv/bin/python" - 2>/dev/null <<'PY'
import torch
from dictionary_learning.training import trainSAE
from dictionary_learning.trainers.batch_top_k import BatchTopKTrainer

seen = []


class Watched(BatchTopKTrainer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        seen.append(self)
        with torch.no_grad():
            self.ae.encoder.bias[0] = -100  # a latent that never fires


def run(verbose):
    data = [torch.randn(256, 16, generator=torch.Generator().manual_seed(i)) for i in range(61)]
    config = dict(trainer=Watched, steps=60, activation_dim=16, dict_size=64, k=4, layer=0, lm_name="none", seed=0,
                  device="cpu", warmup_steps=5, threshold_start_step=10)  # fmt: skip
    trainSAE(data, [config], steps=60, log_steps=1, verbose=verbose, device="cpu")
    return seen[-1]


quiet, loud = run(False), run(True)
silent = [int(t.num_tokens_since_fired[0]) for t in (quiet, loud)]
print("threshold: quiet", quiet.ae.threshold.item(), "logged", loud.ae.threshold.item())
print("tokens since the silent latent fired, of 60 x 256 seen: quiet", silent[0], "logged", silent[1])
assert silent == [60 * 256, 2 * 60 * 256]
for name in ("encoder.weight", "encoder.bias", "decoder.weight", "b_dec"):
    assert torch.equal(quiet.ae.state_dict()[name], loud.ae.state_dict()[name]), name
assert abs(quiet.ae.threshold.item() - loud.ae.threshold.item()) > 0.005
x = torch.randn(4096, 16, generator=torch.Generator().manual_seed(99))
with torch.no_grad():
    l0 = [(t.ae.encode(x) > 0).sum(1).float().mean().item() for t in (quiet, loud)]
print("L0 of the same rows by the saved threshold: quiet", l0[0], "logged", l0[1])
assert l0[1] > l0[0]
PY
