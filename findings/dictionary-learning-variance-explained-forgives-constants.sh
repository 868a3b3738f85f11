#!/usr/bin/env bash
# Good guess: frac_variance_explained is 1 - error / variance, as in SAELens and SAEBench: an SAE with a wrong bias scores badly,
#   zero or less where the bias is as wrong as the data are wide.
# What happens: dictionary_learning takes the variance of the error, not its mean square. A constant error has no variance: a
#   reconstruction that is 100 off in every dimension explains 1.000 of it, where SAELens' own calculator says -9,900. A bias that
#   belongs to other activations (a folded norm factor, a centred model, another hook), the usual accident when an SAE is moved
#   between libraries, is the one mistake that this number cannot show; training logs use the same formula.
# Versions: dictionary-learning 0.1.0, sae-lens 6.54.12 as the control, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" dictionary-learning==0.1.0 sae-lens==6.54.12 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0 setuptools==84.2.1 transformer-lens==3.9.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PY'
import torch
from dictionary_learning.dictionary import AutoEncoder
from dictionary_learning.evaluation import evaluate
from sae_lens.evals import ExplainedVarianceCalculator

torch.manual_seed(0)
x = torch.randn(4096, 8)
sae = AutoEncoder(8, 16)
eye = torch.eye(8)
sae.encoder.weight.data = torch.cat([eye, -eye])  # x = relu(x) - relu(-x): nothing is lost
sae.decoder.weight.data = torch.cat([eye, -eye], dim=1)
sae.encoder.bias.data.zero_()


def both(dictionary):
    calculator = ExplainedVarianceCalculator()
    calculator.add_batch(dictionary(x), x)
    return evaluate(dictionary, iter([x])), calculator.compute()


class OtherBias(AutoEncoder):
    def decode(self, f):
        return super().decode(f) + 100


other = OtherBias(8, 16)
other.load_state_dict(sae.state_dict())
for name, dictionary in (("exact", sae), ("100 off in every dimension", other)):
    metrics, control = both(dictionary)
    explained = metrics["frac_variance_explained"]
    print(f"{name}: l2_loss {metrics['l2_loss']:.2f}, frac_variance_explained {explained:.6f}; sae-lens {control:.2f}")
assert metrics["l2_loss"] > 280 and metrics["frac_variance_explained"] > 0.99999
assert control < -9000
PY
