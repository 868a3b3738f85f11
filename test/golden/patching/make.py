"""Writes patching.json beside this file: activation and attribution patching of tiny checkpoints, by hooks of torch.

    pip install torch transformers safetensors
    python make.py

Written with transformers 5.24.0 and torch 2.15.0, float32, eager attention. Of every block's input (hook_resid_pre) and of every MLP's output
(hook_mlp_out): the logit difference of each pair with the clean activation at one position of the corrupted prompt, and
(clean - corrupted) . gradient of the difference at the corrupted prompt.
"""

import json
import os

import torch
from transformers import AutoModelForCausalLM

here = os.path.dirname(os.path.abspath(__file__))
time, pairs = 7, 3
clean = torch.tensor([[(i * 17 + 5 + 3 * n) % 61 for i in range(time)] for n in range(pairs)])
corrupted = clean.clone()
for n in range(pairs):
    corrupted[n, 2] = (int(clean[n, 2]) + 11) % 61
    corrupted[n, 4 - n] = (int(clean[n, 4 - n]) + 29) % 61
correct, wrong = torch.tensor([7, 11, 13]), torch.tensor([3, 19, 23])


def difference(logits):
    rows = torch.arange(pairs)
    return logits[rows, -1, correct] - logits[rows, -1, wrong]


def of(name):
    model = AutoModelForCausalLM.from_pretrained(os.path.join(here, "..", "checkpoints", name), attn_implementation="eager").float().eval()
    blocks = model.transformer.h if hasattr(model, "transformer") else model.model.layers
    found = {}
    for layer, block in enumerate(blocks):
        for hook in ("hook_resid_pre", "hook_mlp_out"):
            seen, patch = {}, {}

            def visit(x):
                if "into" in patch:
                    x = x.clone()
                    x[:, patch["position"]] = patch["into"][:, patch["position"]]
                if patch.get("gradient"):
                    x = x.detach().requires_grad_(True)
                seen["x"] = x
                return x

            if hook == "hook_resid_pre":
                handle = block.register_forward_pre_hook(lambda m, args: (visit(args[0]),) + args[1:])
            else:
                handle = block.mlp.register_forward_hook(lambda m, args, out: visit(out))
            with torch.no_grad():
                model(clean)
            own = seen["x"].detach().clone()
            patch["gradient"] = True
            value = difference(model(corrupted).logits)
            value.sum().backward()
            x = seen["x"]
            attribution = ((own - x.detach()) * x.grad).sum(-1)
            patch.clear()
            activation = []
            with torch.no_grad():
                for position in range(time):
                    patch.update(into=own, position=position)
                    activation.append(difference(model(corrupted).logits).tolist())
            patch.clear()
            handle.remove()
            found[f"blocks.{layer}.{hook}"] = {"activation": activation, "attribution": attribution.T.tolist()}
    return found


with open(os.path.join(here, "patching.json"), "w") as file:
    json.dump({
        "clean": clean.tolist(), "corrupted": corrupted.tolist(), "correct": correct.tolist(), "wrong": wrong.tolist(),
        "models": {name: of(name) for name in ("gpt2_scaled", "qwen3")},
    }, file)
    file.write("\n")
