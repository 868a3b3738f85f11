#!/usr/bin/env bash
# Good guess: every node of an attribution graph has an id of its own, since links name their ends by it.
# What happens: the id of the error node of layer L at token P is "0_L_P", which is the id of latent L of layer 0 at P. Where a graph
#   keeps both, their links cannot be told apart, and its page has one node with the edges of two. Concerned are the latents of layer 0
#   with a number below the number of layers. (Its jsNodeId is "L_P-0", that of latent P of layer L.)
# Versions: circuit-tracer 0.5.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
# The graph's models need pydantic alone; torch and the rest stay away.
"$work/venv/bin/pip" install -q pydantic==2.11.10
"$work/venv/bin/pip" install -q --no-deps circuit-tracer==0.5.0
"$work/venv/bin/python" - <<'PY'
import importlib.util
import pathlib
import sys

package = next(pathlib.Path(path) for path in sys.path if path.endswith("site-packages")) / "circuit_tracer"
spec = importlib.util.spec_from_file_location("graph_models", package / "frontend" / "graph_models.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
Node = module.Node

layers, latents, positions = 26, 16384, 12
ids = {}
for layer in range(layers):
    for position in range(positions):
        ids[Node.error_node(layer, position).node_id] = (layer, position)
shared = [
    (latent, position, ids[Node.feature_node(0, position, latent).node_id])
    for latent in range(latents)
    for position in range(positions)
    if Node.feature_node(0, position, latent).node_id in ids
]
print(f"{len(ids)} error nodes of {layers} layers and {positions} tokens; {len(shared)} of them have the id of a latent of layer 0, for example")
latent, position, (layer, at) = shared[5 * positions + 3]
error, feature = Node.error_node(layer, at), Node.feature_node(0, position, latent)
print(f"  error of layer {layer} at token {at}: {error.node_id}; latent {latent} of layer 0 at token {position}: {feature.node_id}")
assert error.node_id == feature.node_id and error.feature_type != feature.feature_type
assert len(shared) == len(ids)
PY
