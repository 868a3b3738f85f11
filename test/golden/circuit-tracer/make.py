"""Makes the files beside this one: a tiny random GPT-2, skip transcoders of its MLPs as circuit-tracer writes them, and the
attribution graph that circuit-tracer computes, prunes and writes for one prompt.

    pip install circuit-tracer==0.5.0
    python make.py

Written with circuit-tracer 0.5.0, transformer-lens 3.2.1, transformers 4.57.3 and torch 2.15.0, float32, on a CPU.
"""

import json
import os

import torch
from circuit_tracer.attribution.attribute import attribute
from circuit_tracer.frontend.graph_models import Model
from circuit_tracer.graph import compute_graph_scores, prune_graph
from circuit_tracer.replacement_model.replacement_model_transformerlens import TransformerLensReplacementModel
from circuit_tracer.transcoder.activation_functions import JumpReLU
from circuit_tracer.transcoder.single_layer_transcoder import SingleLayerTranscoder, TranscoderSet
from circuit_tracer.utils.create_graph_files import build_model, create_nodes, create_used_nodes_and_edges
from safetensors.torch import save_file
from transformer_lens import HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights
from transformers import GPT2Config, GPT2LMHeadModel

here = os.path.dirname(os.path.abspath(__file__))
layers, d, heads, vocabulary, latents = 2, 8, 2, 23, 10
ids = [0, 5, 17, 3, 11, 8]

torch.manual_seed(0)
hugging = GPT2Config(
    vocab_size=vocabulary, n_positions=16, n_embd=d, n_layer=layers, n_head=heads, n_inner=4 * d,
    bos_token_id=0, eos_token_id=0, tie_word_embeddings=True,
)
model = GPT2LMHeadModel(hugging).eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        gain = 1.0 if ".ln_" in name and name.endswith("weight") else 0.0
        parameter.copy_(gain + 0.4 * torch.randn_like(parameter))

config = HookedTransformerConfig(
    n_layers=layers, d_model=d, n_ctx=16, d_head=d // heads, n_heads=heads, d_mlp=4 * d, d_vocab=vocabulary,
    act_fn="gelu_new", normalization_type="LN", eps=1e-5, attention_dir="causal", device="cpu",
    model_name="tiny", tokenizer_name=None,
)


def transcoder(layer):
    activation = JumpReLU(0.05 + 0.3 * torch.rand(latents), 0.1) if layer == 0 else torch.nn.functional.relu
    made = SingleLayerTranscoder(d, latents, activation, layer, skip_connection=True, dtype=torch.float32,
                                 device=torch.device("cpu"))
    with torch.no_grad():
        for name in ["W_enc", "W_dec", "b_enc", "b_dec", "W_skip"]:
            parameter = getattr(made, name)
            parameter.copy_(0.4 * torch.randn_like(parameter))
    return made


transcoders = TranscoderSet({layer: transcoder(layer) for layer in range(layers)}, "mlp.hook_in", "hook_mlp_out", "tiny")
transcoders.to_safetensors(here)
replacement = TransformerLensReplacementModel.from_config(config, transcoders)
state = convert_gpt2_weights(model, config)
# The replaced parts wrap what was there.
state = {
    name.replace(".mlp.", ".mlp.old_mlp.").replace("unembed.", "unembed.old_unembed."): value for name, value in state.items()
}
state["unembed.old_unembed.b_U"] = torch.zeros(vocabulary)
missing = replacement.load_state_dict(state, strict=False).missing_keys
assert all(name.startswith("transcoders.") or name.endswith((".mask", ".IGNORE")) for name in missing), missing


class Tokenizer:
    vocab_size = vocabulary
    padding_side, all_special_ids = "right", [0]

    def decode(self, token):
        return " ".join(f"w{int(t)}" for t in torch.as_tensor(token).reshape(-1))


replacement.__dict__["tokenizer"] = Tokenizer()
with torch.no_grad():
    ours = model(torch.tensor([ids])).logits[0, -1]
    theirs = replacement(torch.tensor([ids]))[0, -1]
assert torch.allclose(ours, theirs, atol=1e-4), (ours - theirs).abs().max()

graph = attribute(torch.tensor(ids), replacement, max_n_logits=4, desired_logit_prob=0.8, batch_size=16)
pruned = prune_graph(graph, 0.8, 0.98)
nodes = create_nodes(graph, pruned.node_mask, Tokenizer(), pruned.cumulative_scores)
used, links = create_used_nodes_and_edges(graph, nodes, pruned.edge_mask)
written: Model = build_model(graph, used, links, "tiny", "tiny", 0.8, Tokenizer())


def numbers(tensor):
    return json.loads(json.dumps(tensor.tolist()), parse_float=lambda text: float(f"{float(text):.7g}") or 0)


replacement_score, completeness_score = compute_graph_scores(graph)
with open(os.path.join(here, "graph.json"), "w") as file:
    json.dump({
        "ids": ids,
        "latents": graph.active_features[graph.selected_features].tolist(),
        "activations": numbers(graph.activation_values[graph.selected_features]),
        "logits": [target.vocab_idx for target in graph.logit_targets],
        "probabilities": numbers(graph.logit_probabilities),
        "adjacency": numbers(graph.adjacency_matrix),
        "node_mask": [int(kept) for kept in pruned.node_mask],
        "edges": pruned.edge_mask.nonzero().tolist(),
        "cumulative": numbers(pruned.cumulative_scores),
        "replacement_score": replacement_score,
        "completeness_score": completeness_score,
        "written": json.loads(written.model_dump_json()),
    }, file, separators=(",", ":"))
hugging.architectures = ["GPT2LMHeadModel"]
with open(os.path.join(here, "config.json"), "w") as file:
    json.dump({key: value for key, value in hugging.to_dict().items() if key in {
        "architectures", "model_type", "vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner",
        "layer_norm_epsilon", "activation_function", "bos_token_id", "tie_word_embeddings"}}, file)
save_file({name: value.contiguous() for name, value in model.state_dict().items() if name != "lm_head.weight"},
          os.path.join(here, "model.safetensors"))
