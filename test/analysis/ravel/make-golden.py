"""Writes golden/: a GPT-NeoX of two blocks that knows 24 entities by heart, an SAE, and what SAEBench's own RAVEL makes of them: the mask that
its MDBM learns from given pairs, and its cause and isolation scores with that mask.

    pip install sae-lens==6.54.12; pip install --no-deps sae-bench==0.6.0 collectibles==0.1.5 tabulate==0.9.0
    python test/analysis/ravel/make-golden.py

SAEBench wants blocks of transformers that answer with a tuple, as they did; here one is put around what they answer today.
"""
import json
import pathlib
import random
import types
import warnings

import torch

warnings.simplefilter("ignore")
import sae_bench.sae_bench_utils.activation_collection as activation_collection
from sae_bench.evals.ravel import mdbm
from sae_bench.evals.ravel.eval_config import RAVELEvalConfig
from sae_bench.evals.ravel.intervention import generate_batched_interventions
from sae_bench.evals.ravel.main import create_dataloader_from_pairs
from sae_lens import StandardSAE, StandardSAEConfig
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

here = pathlib.Path(__file__).parent / "golden"
here.mkdir(exist_ok=True)
torch.set_num_threads(1)
torch.manual_seed(0)
rng = random.Random(0)
attributes = {"country": 3, "language": 3}
names = [f"e{n}" for n in range(24)]
entities = [{"name": name, "attributes": {a: f"{a}{'ABC'[rng.randrange(n)]}" for a, n in attributes.items()}} for name in names]
templates = {"country": ["%s country", "the land of %s country"], "language": ["%s language"]}
words = ["<pad>", "the", "land", "of", *names, *attributes, *(f"{a}{'ABC'[v]}" for a, n in attributes.items() for v in range(n))]
raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<pad>"))
raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>")
prompts = [
    {"text": t % e["name"], "attribute": a, "label": e["attributes"][a], "place": (t % e["name"]).split().index(e["name"])}
    for a, all in templates.items() for t in all for e in entities
]
width, latents, layer = 16, 48, 0
model = GPTNeoXForCausalLM(
    GPTNeoXConfig(vocab_size=len(words), hidden_size=width, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=16, bos_token_id=None, eos_token_id=0, tie_word_embeddings=False)
)
adam = torch.optim.Adam(model.parameters(), lr=0.01)
ids = [tokenizer.encode(p["text"] + " " + p["label"]) for p in prompts]
for step in range(600):
    loss = 0
    for length in {len(i) for i in ids}:
        batch = torch.tensor([i for i in ids if len(i) == length])
        logits = model(batch).logits[:, -2]
        loss = loss + torch.nn.functional.cross_entropy(logits, batch[:, -1])
    adam.zero_grad()
    loss.backward()
    adam.step()
    # Block 0 moves nothing between tokens, so that the entity is still to be read after it.
    with torch.no_grad():
        model.gpt_neox.layers[0].attention.dense.weight.zero_()
        model.gpt_neox.layers[0].attention.dense.bias.zero_()
print("loss", loss.item())
model.eval().requires_grad_(False)

# An SAE that means nothing, but of latents that fire and add up to something near the activation.
sae = StandardSAE(StandardSAEConfig(d_in=width, d_sae=latents, apply_b_dec_to_input=False))
sae.cfg.hook_layer = layer
with torch.no_grad():
    sae.W_enc[:] = torch.randn(width, latents) / width**0.5
    every = []
    for i in ids:
        every.append(model.gpt_neox(torch.tensor([i]), output_hidden_states=True).hidden_states[layer + 1][0])
    rows = torch.cat(every)
    codes = torch.relu(rows @ sae.W_enc)
    found = torch.linalg.lstsq(torch.cat([codes, 0.1 * torch.eye(latents)]), torch.cat([rows, torch.zeros(latents, width)])).solution
    sae.W_dec[:] = found
    sae.b_enc[:] = 0
    sae.b_dec[:] = 0
    print("explained", (1 - (sae.decode(sae.encode(rows)) - rows).var(0).sum() / rows.var(0).sum()).item())


class Tap(torch.nn.Module):
    def forward(self, outputs):
        return outputs


class Block(torch.nn.Module):
    def __init__(self, block):
        super().__init__()
        self.block, self.tap = block, Tap()

    def forward(self, *args, **kwargs):
        return self.tap((self.block(*args, **kwargs),))[0]


model.gpt_neox.layers[layer] = Block(model.gpt_neox.layers[layer])
activation_collection.get_module = lambda model, layer: model.gpt_neox.layers[layer].tap
AutoTokenizer.from_pretrained = lambda name: tokenizer

config = RAVELEvalConfig(model_name="tiny", llm_batch_size=16, num_epochs=3, learning_rate=0.02, n_generated_tokens=1)


def encoded(p):
    tokens = tokenizer.encode(p["text"])
    first = model(torch.tensor([tokens])).logits[0, -1].argmax().item()
    return types.SimpleNamespace(ids=tokens, place=p["place"] - len(tokens), first=first, **{k: p[k] for k in ("text", "label", "attribute")})


known = [encoded(p) for p in prompts]
print("known", sum(words[k.first] == k.label for k in known), "of", len(known))
known = [(n, k) for n, k in enumerate(known) if words[k.first] == k.label]


def draw(count, seed):
    r = random.Random(seed)
    pairs = []
    for n in range(count):
        attribute = "country" if n % 2 == 0 else "language"
        own = [k for k in known if k[1].attribute == attribute]
        base = r.choice(own)
        source = r.choice([k for k in own if k[1].label != base[1].label])
        pairs.append({"base": base[0], "source": source[0], "cause": attribute == "country"})
    return pairs


def loader(pairs):
    by = dict(known)
    rows = []
    for pair in pairs:
        base, source = by[pair["base"]], by[pair["source"]]
        wanted = source if pair["cause"] else base
        rows.append((base.ids, source.ids, [1] * len(base.ids), [1] * len(source.ids), base.place, source.place, base.first, wanted.first, base.text, wanted.label))
    return create_dataloader_from_pairs(rows, model, config)


train, test = draw(160, 1), draw(96, 2)
# Batches of one length of prompts each side are not needed: shorter ones are filled up on the left.
learnt = mdbm.train_mdbm(model, tokenizer, config, sae, loader(train), loader(test))
isolation, cause = generate_batched_interventions(model, learnt, tokenizer, loader(test), max_new_tokens=1)
print("latents", (learnt.binary_mask > 0).sum().item(), "cause", cause, "isolation", isolation)

model.gpt_neox.layers[layer] = model.gpt_neox.layers[layer].block
model.save_pretrained(here)
for extra in ("generation_config.json",):
    (here / extra).unlink(missing_ok=True)
raw.save(str(here / "tokenizer.json"))


def rounded(tensor):
    return [float(f"{value:.7g}") for value in tensor.flatten().tolist()]


golden = {
    "versions": {"sae_bench": "0.6.0"},
    "entities": {"format": 1, "type": "entity", "models": "this one", "entities": entities, "templates": templates},
    "hook": f"blocks.{layer}.hook_resid_post",
    "sae": {"d_in": width, "d_sae": latents, "W_enc": rounded(sae.W_enc), "W_dec": rounded(sae.W_dec)},
    "train": train, "test": test, "batch": config.llm_batch_size, "epochs": config.num_epochs, "lr": config.learning_rate,
    "mask": rounded(learnt.binary_mask), "cause": cause, "isolation": isolation,
}
(here / "saebench.json").write_text(json.dumps(golden) + "\n")
