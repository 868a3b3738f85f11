#!/usr/bin/env bash
# Good guess: the step score "perplexity" is what its documentation says: the number of words between which the model is as undecided. A model for
#   which all 1,000 words are equally likely has 1,000, and perplexity times the probability of the token is 1.
# What happens: it is 2 to the power of the cross-entropy, and that is in nats (torch's natural logarithm), not in bits: 2^6.908 = 120 in place of 1,000. Every
#   perplexity p comes out as p^0.693, the more too small the larger it is, and the order of models stays. With one text the score cannot be had
#   (its target loses its dimension, and torch refuses), so two are attributed here.
# Versions: inseq 0.7.1, captum 0.9.0, transformers 5.24.0, torch 2.15.0. A small model with random weights, and one that answers the same for all.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" inseq==0.7.1 captum==0.9.0 transformers==5.24.0 torch==2.15.0 numpy==2.4.6
cat > "$work/perplexity.py" <<'PY'
import math

import inseq
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

words = ["<pad>", "<end>", *(f"w{n}" for n in range(998))]
raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<end>"))
raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="<end>", bos_token="<end>", unk_token="<end>", padding_side="left")


def measured(scale):
    torch.manual_seed(0)
    size = dict(vocab_size=1000, n_embd=32, n_layer=2, n_head=4, n_positions=64)
    model = GPT2LMHeadModel(GPT2Config(**size, bos_token_id=1, eos_token_id=1, pad_token_id=0, tie_word_embeddings=False)).eval()
    with torch.no_grad():
        model.lm_head.weight.normal_(0, scale)
    attributed = inseq.load_model(model, "saliency", tokenizer=tokenizer).attribute(
        ["w1 w2 w3", "w7 w8 w9"],
        generation_args=dict(max_new_tokens=4, min_new_tokens=4, do_sample=True),
        step_scores=["perplexity", "probability"],
        show_progress=False,
    )
    scores = [one.step_scores for one in attributed.sequence_attributions]
    return torch.cat([one["perplexity"] for one in scores]), torch.cat([one["probability"] for one in scores])


for name, scale in (("all words alike", 0.0), ("random weights", 0.2)):
    perplexity, probability = measured(scale)
    print(f"{name}: 1 / probability {(1 / probability).tolist()[0]:.2f}, perplexity {perplexity.tolist()[0]:.2f}")
    assert torch.allclose(perplexity, probability ** -math.log(2), rtol=1e-3)
    assert (perplexity < 0.9 / probability).all()
PY
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 "$work/venv/bin/python" "$work/perplexity.py"
