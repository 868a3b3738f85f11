#!/usr/bin/env bash
# Good guess: at the last layer the logit lens gives what the model itself answers; nnterp's works alike for every architecture that it renames.
# What happens: it ends with lm_head, and what some models do after that is left out: Gemma 2's soft cap of the logits (30 tanh(x / 30)), Granite's division
#   (by 8, in its 2B), Cohere's factor (1/16). The last layer gives 0.82 to the token to which Granite gives 0.14; the order of tokens stays, but probabilities,
#   entropies and KL of all layers, and what is summed or compared of them, are of another model. Llama, which does nothing there, is the control.
# Versions: nnterp 1.3.0, nnsight 0.7.0 (nnterp 1.3.0 cannot be imported beside 0.8), transformers 5.24.0, torch 2.15.0. Small models with random weights.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" nnterp==1.3.0 nnsight==0.7.0 transformers==5.24.0 torch==2.15.0 numpy==2.4.6
cat > "$work/lens.py" <<'PY'
import torch
from nnterp import StandardizedTransformer
from nnterp.interventions import logit_lens
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CohereConfig,
    CohereForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    GraniteConfig,
    GraniteForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

words = ["<pad>", "<end>", *(f"w{n}" for n in range(198))]
raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<end>"))
raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="<end>", bos_token="<end>", padding_side="left")
size = dict(vocab_size=200, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2)
size |= dict(pad_token_id=0, bos_token_id=1, eos_token_id=1, tie_word_embeddings=False)
prompts = ["w5 w6 w7 w8", "w9 w10 w11"]


def build(name):
    torch.manual_seed(0)
    model = {
        "Llama": lambda: LlamaForCausalLM(LlamaConfig(**size)),
        "Gemma 2": lambda: Gemma2ForCausalLM(Gemma2Config(**size, head_dim=8)),
        "Granite": lambda: GraniteForCausalLM(GraniteConfig(**size, logits_scaling=8.0)),
        "Cohere": lambda: CohereForCausalLM(CohereConfig(**size)),
    }[name]().eval()
    with torch.no_grad():
        model.lm_head.weight.normal_(0, 2.0)
    return model


def entropy(probs):
    return -(probs * probs.clamp_min(1e-30).log()).sum(-1).mean().item()


for name in ("Llama", "Gemma 2", "Granite", "Cohere"):
    model = build(name)
    last = logit_lens(StandardizedTransformer(model, tokenizer=tokenizer), prompts)[:, -1]
    with torch.no_grad():
        asked = tokenizer(prompts, return_tensors="pt", padding=True)
        own = model(input_ids=asked["input_ids"], attention_mask=asked["attention_mask"]).logits[:, -1].softmax(-1)
    print(f"{name}: most likely token, the model {own.amax(-1).mean():.3f}, last layer of the lens {last.amax(-1).mean():.3f};", end=" ")
    print(f"entropy {entropy(own):.2f} and {entropy(last):.2f}; same token {bool((own.argmax(-1) == last.argmax(-1)).all())}")
    if name == "Llama":
        assert (own - last).abs().max() < 1e-5
    else:
        assert (own - last).abs().max() > 0.02 and entropy(last) < 0.8 * entropy(own)
PY
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 "$work/venv/bin/python" "$work/lens.py"
