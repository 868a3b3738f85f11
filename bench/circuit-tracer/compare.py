"""Loads exported transcoders with circuit-tracer, and compares its attribution graphs with those of trace-prompts.

    pip install circuit-tracer==0.5.0
    pipeline run experiments/transcoders.yaml
    pipeline export experiments/transcoders.yaml 'export[skip=true]' set
    pipeline export experiments/transcoders.yaml 'trace[skip=true]' graphs
    python bench/circuit-tracer/compare.py models/tiny-speller set graphs [PROMPTS]
"""

import glob
import json
import os
import sys

import torch
import yaml
from circuit_tracer.attribution.attribute import attribute
from circuit_tracer.frontend.graph_models import Model
from circuit_tracer.graph import compute_graph_scores, prune_graph
from circuit_tracer.replacement_model.replacement_model_transformerlens import TransformerLensReplacementModel
from circuit_tracer.utils.create_graph_files import create_nodes, create_used_nodes_and_edges
from circuit_tracer.utils.hf_utils import load_transcoders
from transformer_lens import HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

model_folder, set_folder, graphs_folder = sys.argv[1:4]
most = int(sys.argv[4]) if len(sys.argv) > 4 else 3

hugging = GPT2LMHeadModel.from_pretrained(model_folder, dtype=torch.float32).eval()
own = hugging.config
config = HookedTransformerConfig(
    n_layers=own.n_layer, d_model=own.n_embd, n_ctx=own.n_positions, d_head=own.n_embd // own.n_head, n_heads=own.n_head,
    d_mlp=own.n_inner or 4 * own.n_embd, d_vocab=own.vocab_size, act_fn="gelu_new", normalization_type="LN",
    eps=own.layer_norm_epsilon, attention_dir="causal", device="cpu", model_name="own", tokenizer_name=None,
)
with open(os.path.join(set_folder, "config.yaml")) as file:
    described = yaml.safe_load(file)
files = sorted(glob.glob(os.path.join(set_folder, "layer_*.safetensors")))
transcoders = load_transcoders(
    dict(described, scan="own", transcoders=files), device=torch.device("cpu"), dtype=torch.float32, lazy_decoder=False
)
print(f"circuit-tracer has loaded {len(transcoders)} transcoders of {transcoders.d_transcoder} latents, skip {transcoders.skip_connection}")
replacement = TransformerLensReplacementModel.from_config(config, transcoders)
state = convert_gpt2_weights(hugging, config)
state = {k.replace(".mlp.", ".mlp.old_mlp.").replace("unembed.", "unembed.old_unembed."): v for k, v in state.items()}
state["unembed.old_unembed.b_U"] = torch.zeros(own.vocab_size)
replacement.load_state_dict(state, strict=False)
tokenizer = PreTrainedTokenizerFast(tokenizer_file=os.path.join(model_folder, "tokenizer.json"), bos_token="<|endoftext|>")
replacement.__dict__["tokenizer"] = tokenizer

with open(os.path.join(graphs_folder, "graphs.json")) as file:
    figures = json.load(file)["graphs"]
for each in figures[:most]:
    with open(os.path.join(graphs_folder, f"{each['slug']}.json")) as file:
        ours = json.load(file)
    Model(**ours)  # pydantic's: raises where the format is another one
    ids = torch.tensor(tokenizer.encode(ours["metadata"]["prompt"]))
    assert [tokenizer.decode(i) for i in ids] == ours["metadata"]["prompt_tokens"], "other tokens"
    graph = attribute(ids, replacement, batch_size=128)
    replacement_score, completeness_score = compute_graph_scores(graph)
    node_mask, edge_mask, cumulative = prune_graph(graph)
    nodes = create_nodes(graph, node_mask, tokenizer, cumulative)
    # Their error nodes have the ids of latents of layer 0, so that links are compared by ours.
    for node in nodes.values():
        if node.feature_type == "mlp reconstruction error":
            node.node_id = f"{node.layer}_error_{node.ctx_idx}"
    used, links = create_used_nodes_and_edges(graph, nodes, edge_mask)
    theirs = {(link["source"], link["target"]): link["weight"] for link in links}
    here = {(link["source"], link["target"]): link["weight"] for link in ours["links"]}
    both = theirs.keys() & here.keys()
    furthest = max(abs(theirs[key] - here[key]) for key in both)
    heaviest = max(abs(weight) for weight in theirs.values())
    print(
        f"{ours['metadata']['prompt']!r}: {len(graph.active_features)} and {each['latents']} latents; replacement "
        f"{replacement_score:.5f} and {each['replacement']:.5f}, completeness {completeness_score:.5f} and {each['completeness']:.5f}; "
        f"{len(both)} edges kept by both, {len(theirs) - len(both)} and {len(here) - len(both)} by one; weights differ by "
        f"{furthest:.1e} at most, the heaviest is {heaviest:.1f}"
    )
    assert abs(replacement_score - each["replacement"]) < 1e-3 and abs(completeness_score - each["completeness"]) < 1e-3
    assert len(both) > 0.99 * max(len(theirs), len(here)) and furthest < 1e-3 * heaviest
