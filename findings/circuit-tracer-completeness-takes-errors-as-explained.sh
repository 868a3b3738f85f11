#!/usr/bin/env bash
# Good guess: the completeness of an attribution graph is the share of incoming edges, weighted by the influence of the node that they go to, that come from
#   latents and tokens rather than errors (the function's documentation says so). A graph whose logit reads error nodes alone has 0.
# What happens: the sum goes over all nodes, also those that have no incoming edges. For them the share of errors is 0, so they count as wholly explained, with
#   their influence as weight: tokens, and the error nodes themselves. Together these always have the influence 1, so a completeness of c becomes
#   (c I + 1) / (I + 1), where I, 1 or more, is the influence of the nodes that have inputs: it is moved up to half the way to 1. The graph of errors
#   alone has 0.5; where three latents and the logit get 9 tenths of their input from errors, it is 0.53 in place of 0.1.
# Versions: circuit-tracer 0.5.0, transformer-lens 3.2.1, transformers 4.57.3, torch 2.15.0. Made graphs, of which one can work out the shares.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" circuit-tracer==0.5.0 torch==2.15.0 transformers==4.57.3 transformer-lens==3.2.1 numpy==2.4.6
cat > "$work/completeness.py" <<'PY'
import logging

import torch
from circuit_tracer.attribution.targets import LogitTarget
from circuit_tracer.graph import Graph, compute_graph_scores
from circuit_tracer.utils.tl_nnsight_mapping import UnifiedConfig

logging.disable(logging.WARNING)
LAYERS, TOKENS = 4, 2


def graph(latent_layers, share_of_errors):
    """One latent per layer of latent_layers; each, and the logit, gets that share of its input from the errors of the layers before it."""
    latents, errors = len(latent_layers), LAYERS * TOKENS
    size = latents + errors + TOKENS + 1
    edges = torch.zeros(size, size)
    for row, layer in [*enumerate(latent_layers), (size - 1, LAYERS)]:
        before = [i for i, at in enumerate(latent_layers) if at < layer]
        wrong = list(range(latents, latents + layer * TOKENS))
        right = before or list(range(latents + errors, latents + errors + TOKENS))
        edges[row, right] = (1 - share_of_errors) / len(right)
        edges[row, wrong] = share_of_errors / len(wrong)
    sizes = dict(n_layers=LAYERS, d_model=8, d_head=4, n_heads=2, d_mlp=16, d_vocab=100)
    return Graph(
        input_string="made",
        input_tokens=torch.arange(TOKENS),
        active_features=torch.tensor([[layer, TOKENS - 1, 0] for layer in latent_layers]).reshape(-1, 3),
        adjacency_matrix=edges,
        cfg=UnifiedConfig(**sizes, tokenizer_name="made", model_name="made", original_architecture="made"),
        selected_features=torch.arange(latents),
        activation_values=torch.ones(latents),
        logit_targets=[LogitTarget("a", 0)],
        logit_probabilities=torch.ones(1),
    )


def over_edges(made):
    """The documented share, over the nodes that have incoming edges, and the influence of these."""
    edges, latents = made.adjacency_matrix, len(made.selected_features)
    wrong = edges[:, latents : latents + LAYERS * TOKENS].sum(1)
    influence = torch.zeros(len(edges))
    influence[-1] = 1
    total = influence.clone()
    for _ in range(LAYERS + 1):
        influence = influence @ edges
        total += influence
    inner = edges.sum(1) > 0
    return ((1 - wrong)[inner] * total[inner]).sum().item() / total[inner].sum().item(), total[inner].sum().item()


cases = {
    "logit reads errors alone": ((), 1.0, 0.0),
    "no errors": ((1, 2, 3), 0.0, 1.0),
    "a half from errors": ((1, 2, 3), 0.5, 0.5),
    "9 tenths from errors": ((1, 2, 3), 0.9, 0.1),
}
for name, (latent_layers, share, right) in cases.items():
    made = graph(latent_layers, share)
    replacement, completeness = compute_graph_scores(made)
    share_of_edges, influence = over_edges(made)
    print(f"{name}: completeness {completeness:.3f}, over nodes with inputs {share_of_edges:.3f}; replacement {replacement:.3f}")
    assert abs(share_of_edges - right) < 1e-5
    assert abs(completeness - (right * influence + 1) / (influence + 1)) < 1e-5
    assert abs(completeness - right) < 1e-5 if share == 0 else completeness > right + 0.15
PY
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 "$work/venv/bin/python" "$work/completeness.py"
