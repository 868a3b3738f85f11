"""Writes ablation-effects.json: effects of ablating latents by integrated gradients, by transformers and torch in f64.

    python test/analysis/absorption/make-golden.py    (torch 2.15.0, transformers 5.24.0, tokenizers)

The model is models/tiny-speller, the hook the residual stream before block 0, the SAE a formula (ReLU, W_enc = W_dec^T):
W_dec[j, i] = sin(1 + 12.9898 j + 78.233 i) / 8, b_dec[i] = sin(i) / 100. Both paths: the SAE's error kept, with midpoints, and that of
the paper's code (sae-spelling), where it shrinks with the latents and the points begin at the full activation.
"""
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel

here = Path(__file__).parent
folder = here.parents[2] / "models" / "tiny-speller"
torch.set_default_dtype(torch.float64)
model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids

d, d_sae, steps = model.config.n_embd, 64, 6
j, i = torch.arange(d_sae, dtype=torch.float64)[:, None], torch.arange(d, dtype=torch.float64)[None, :]
W_dec = torch.sin(1 + 12.9898 * j + 78.233 * i) / 8
b_dec = torch.sin(torch.arange(d, dtype=torch.float64)) / 100
capitals = torch.tensor([encode(f" {chr(65 + n)}")[0] for n in range(26)])

shown = ["house", "water", "people", "king", "money", "zone", "after"]
line = lambda word: f" {word} has the first letter:"


def margin(ids, letter, position, x_word):
    """The right capital's logit less the mean of the others', with x_word in place of the word's activation."""

    def put(_module, args, kwargs):
        x = args[0].clone()
        x[0, position] = x_word
        return (x, *args[1:]), kwargs

    handle = model.transformer.h[0].register_forward_pre_hook(put, with_kwargs=True)
    logits = model(ids[None]).logits[0, -1, capitals]
    handle.remove()
    return logits[letter] - (logits.sum() - logits[letter]) / 25


cases = []
for word in ["short", "kind", "river", "apple"]:
    lines = [f"{line(other)} {other[0].upper()}" for other in shown]
    text = "\n".join([*lines, line(word)])
    ids = torch.tensor([0, *encode(text)])
    position = len(ids) - len(encode(line(word)))
    letter = ord(word[0]) - 97
    x = model.transformer.wte(ids[position]) + model.transformer.wpe(torch.tensor(position))
    x = x.detach()
    f = torch.relu((x - b_dec) @ W_dec.T)
    error = x - b_dec - f @ W_dec
    effects = {}
    paths = {
        "error_kept": [((n + 0.5) / steps, 1.0) for n in range(steps)],
        "as_sae_spelling": [(1 - n / steps, 1 - n / steps) for n in range(steps)],
    }
    for name, points in paths.items():
        slopes = []
        for a, share in points:
            at = (a * f).clone().requires_grad_(True)
            m = margin(ids, letter, position, at @ W_dec + b_dec + share * error)
            slopes.append(torch.autograd.grad(m, at)[0])
        effects[name] = -f * torch.stack(slopes).mean(0)
    active = (f > 0).nonzero()[:, 0]
    with torch.no_grad():
        total = margin(ids, letter, position, b_dec + error) - margin(ids, letter, position, x)
    cases.append(
        {
            "word": word,
            "text": text,
            "latents": active.tolist(),
            "activations": f[active].tolist(),
            "effects": {name: [round(v, 7) for v in value[active].tolist()] for name, value in effects.items()},
            # What ablating all latents at once does.
            "all": total.item(),
        }
    )
(here / "ablation-effects.json").write_text(json.dumps(cases) + "\n")
for case in cases:
    print(case["word"], case["all"], {n: sum(e) for n, e in case["effects"].items()}, max(map(abs, case["effects"]["error_kept"])))
