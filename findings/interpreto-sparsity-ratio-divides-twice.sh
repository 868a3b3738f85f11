#!/usr/bin/env bash
# Good guess: interpreto's Sparsity is the number of concepts that are active on a row (the sum over concepts that its documentation writes),
#   SparsityRatio the share of them: 1 where all are active, and the same for dictionaries of 100 and of 1,000 concepts of which a tenth fires.
# What happens: Sparsity is a mean over rows AND concepts, so already the share; SparsityRatio divides it by the number of concepts once more.
#   Where all of 1,000 concepts are active on all rows the "ratio" is 0.001, and the wider a dictionary, the sparser it seems: with a
#   tenth of the concepts active 0.001 of 100 and 0.0001 of 1,000.
# Versions: interpreto 0.5.2, torch 2.15.0. (Its other dependencies are left out, or held to what 0.5.2 asks for.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" torch==2.15.0 transformers==5.24.0 nnsight==0.7.0 jaxtyping==0.2.36 \
  beartype==0.23.1 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 matplotlib==3.11.2 nltk==3.10.4 einops==0.8.2
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps interpreto==0.5.2
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 "$work/venv/bin/python" - <<'PY'
import torch
from interpreto.concepts.methods.neurons_as_concepts import NeuronsAsConcepts
from interpreto.concepts.metrics import Sparsity, SparsityRatio
from interpreto.concepts.splitters.base_splitter import BaseSplitter


class Width(BaseSplitter):
    """Says how wide the activations are. The concepts are the activations themselves."""

    inputs_to_activations = get_activations = _get_concept_output_gradients = None
    device = torch.device("cpu")

    def __init__(self, width):
        self.width = width

    def get_latent_shape(self):
        return torch.Size([1, self.width])


torch.manual_seed(0)
for concepts in (100, 1000):
    explainer = NeuronsAsConcepts(Width(concepts))
    for share in (1.0, 0.1):
        active = torch.rand(500, concepts) < share
        acts = active * (torch.rand(500, concepts) + 0.1)
        sparsity, ratio = Sparsity(explainer).compute(acts), SparsityRatio(explainer).compute(acts)
        true_share = active.float().mean().item()
        print(f"{true_share:.3f} of {concepts} concepts are active: Sparsity {sparsity:.4f}, SparsityRatio {ratio:.6f}")
        assert abs(sparsity - true_share) < 1e-6
        assert abs(ratio * concepts - true_share) < 1e-6
PY
