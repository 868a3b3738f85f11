#!/usr/bin/env bash
# Good guess: min_token_index=5 steers every token from the sixth on, those that the model writes among them: it is the way to
#   leave a prompt alone and steer the answer.
# What happens: it is an index into each forward pass. With the usual cache of keys and values a written token is a pass of its
#   own, of length 1, in which it has index 0: nothing that is written is steered, and the text is the unsteered one. With
#   use_cache=False the same call steers all of it. Of 16 generated tokens 0 and 16 are steered.
# Versions: steering-vectors 0.12.2, transformers 4.57.6, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" steering-vectors==0.12.2 transformers==4.57.6 torch==2.15.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import torch
from steering_vectors import SteeringVector
from transformers import GPT2Config, GPT2LMHeadModel

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(n_layer=2, n_head=2, n_embd=32, vocab_size=100, bos_token_id=0, eos_token_id=None)).eval()
prompt = torch.tensor([[5, 6, 7, 8, 9]])
layer = model.transformer.h[1]
vector = SteeringVector({1: 20 * torch.randn(32)})

def moved(**options):
    """How many of 16 written tokens were moved at the steered layer, and what was written."""
    seen = []
    with vector.apply(model, **options["steer"]) if options["steer"] is not None else torch.no_grad():
        # the steering writes into the layer's output, and this hook, added later, reads it
        handle = layer.register_forward_hook(lambda _m, _i, out: seen.append(out[0] if isinstance(out, tuple) else out))
        written = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=17, do_sample=False, use_cache=options["cache"]
        )
        handle.remove()
    # the last written token is never run; the one before it ends the last pass
    return [pass_[0, -1].detach().clone() for pass_ in seen[1:]], written[0, 5:].tolist()

plain, plain_text = moved(steer=None, cache=True)
got = {}
for cache in (True, False):
    rows, text = moved(steer={"min_token_index": 5}, cache=cache)
    # each row less the vector: is it what the layer gives unsteered? A steered row lies 20 * |v| away.
    steered = sum(bool(row.norm() > 3 * max(p.norm() for p in plain)) for row in rows)
    got[cache] = (steered, text == plain_text)
    print(f"use_cache={cache}: {steered} of {len(rows)} written tokens steered, text unchanged: {text == plain_text}")
rows, text = moved(steer={}, cache=True)
everywhere = sum(bool(row.norm() > 3 * max(p.norm() for p in plain)) for row in rows)
print(f"without min_token_index, with the cache: {everywhere} of {len(rows)}, text unchanged: {text == plain_text}")
assert got[True] == (0, True) and got[False][0] == 16 and not got[False][1] and everywhere == 16
PY
