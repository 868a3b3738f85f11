#!/usr/bin/env bash
# Good guess: SAEBench's autointerp score is the share of 14 texts of which the judge says rightly whether the latent fires in them; a judge who
#   is right on all of them has 1, whatever the latent's density is.
# What happens: 10 of the 14 are drawn at random, their activations are not looked at ("we don't need their values") and they count as
#   silent. A text has 21 tokens, so a latent that fires on 2 % of the tokens fires in a third of them, and there the right answer is
#   marked wrong. A judge who is right on every text scores 0.93 for a latent that fires on 0.5 % of the tokens, 0.75 at 2 %, 0.36 at 10 %:
#   SAEs with denser latents seem less interpretable, whatever their latents mean.
# Versions: sae-bench 0.6.0, torch 2.15.0. The configuration is the default one. The judge looks for the word on which the latent fires in the
#   texts that it is given; the latent that fires on 0.05 % is the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0 openai==3.57.0
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps sae-bench==0.6.0 collectibles==0.1.5 tabulate==0.9.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 "$work/venv/bin/python" - <<'PY' 2> >(grep -v 'it/s\|s/it' >&2)
import asyncio
import random
import re
import types

import torch
from sae_bench.evals.autointerp import main
from sae_bench.evals.autointerp.eval_config import AutoInterpEvalConfig

latents = 30
sae = types.SimpleNamespace(cfg=types.SimpleNamespace(hook_layer=0, hook_name="none"))


class Words:
    """A model, as far as the texts of its tokens are asked for."""

    def to_str_tokens(self, tokens):
        return [f" w{token}" for token in tokens.tolist()]


class RightJudge(main.AutoInterp):
    """The language model's part: the latent fires on w0, so it fires in the texts that have w0."""

    def get_api_response(self, messages, max_tokens, n_completions=1):
        asked = messages[1]["content"]
        if "Here is the explanation" not in asked:
            return ["This neuron activates on the word w0"], ""
        texts = re.findall(r"^(\d+)\. (.*)$", asked, re.MULTILINE)
        assert len(texts) == 14
        return [", ".join(i for i, text in texts if "w0" in text.split()) or "None"], ""


torch.manual_seed(0)
random.seed(0)
means = []
for density in (0.0005, 0.005, 0.02, 0.1):
    tokens = torch.where(torch.rand(2000, 128) < density, 0, torch.randint(1, 1000, (2000, 128)))
    acts = (tokens == 0) * (1 + torch.rand(2000, 128))
    main.activation_collection.collect_sae_activations = lambda *_, a=acts, **__: a[..., None].expand(-1, -1, latents)
    config = AutoInterpEvalConfig(model_name="words", n_latents=None, override_latents=list(range(latents)))
    results = asyncio.run(RightJudge(config, Words(), sae, tokens, None, "cpu", "").run())
    scores = torch.tensor([one["score"] for one in results.values()])
    assert len(scores) == latents
    means.append(scores.mean().item())
    limit = 1 - 10 / 14 * (1 - (1 - density) ** 21)
    print(f"fires on {density:.2%} of the tokens: a judge who is right scores {means[-1]:.2f} +- {scores.std() / latents**0.5:.2f}, expected {limit:.2f}")
    assert abs(means[-1] - limit) < 0.08
assert means[0] > 0.98 and means[2] < 0.8 and means[3] < 0.45
PY
