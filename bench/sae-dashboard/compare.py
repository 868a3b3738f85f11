"""The dashboard of one SAE as collect-dashboard writes it, beside SAEDashboard's of the same model, SAE and tokens.

    pip install sae-dashboard==0.8.0 sae-lens==6.54.12 pyarrow
    python bench/sae-dashboard/compare.py [--cache FOLDER] [--width 2048]

SAEDashboard computes activations itself, so that the figure of ours holds the capture too. Both are measured in CPU time of all threads and
children, from the start of their processes (ours) or from after the imports (theirs). Ends with 1 where ours is not three times as fast.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false")
import pyarrow.ipc
import torch
import transformers
from sae_dashboard.sae_vis_data import SaeVisConfig
from sae_dashboard.sae_vis_runner import SaeVisRunner
from sae_lens import SAE, HookedSAETransformer
from transformer_lens import HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

torch.set_grad_enabled(False)
torch.set_num_threads(2)
here = pathlib.Path(__file__).resolve().parent
arguments = argparse.ArgumentParser()
arguments.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "sae-dashboard-cache"))
arguments.add_argument("--width", type=int, default=2048)
given = arguments.parse_args()
folder = pathlib.Path(tempfile.mkdtemp(prefix="sae-dashboard-"))
file = str(here / "latents.yaml")


def pipeline(*args):
    command = ["npx", "--no-install", "pipeline", *args, "--cache", given.cache, "--set", f"width={given.width}"]
    return subprocess.run(command, check=True, cwd=here.parent.parent, stdout=subprocess.PIPE, text=True).stdout


pipeline("run", file)
for stage in ("model", "capture", "sae", "dashboard"):
    pipeline("export", file, stage, str(folder / stage))
# What computing them cost, whenever that was.
costs = {}
for log in pathlib.Path(given.cache).glob("runs/*/events.ndjson"):
    for line in log.read_text().splitlines():
        event = json.loads(line)
        if event["type"] == "stage-finished" and event.get("cost"):
            costs[event["id"], event["digest"]] = event["cost"]
found = {id: cost for (id, _), cost in costs.items()}
ours = {
    "cpu": found["capture"]["cpuSeconds"] + found["dashboard"]["cpuSeconds"],
    "memory": max(found["capture"]["peakMemory"], found["dashboard"]["peakMemory"]),
    "bytes": sum(path.stat().st_size for path in (folder / "dashboard").iterdir()),
}
dashboard = json.loads((folder / "dashboard/dashboard.json").read_text())["saes"][0]

hf = transformers.AutoModelForCausalLM.from_pretrained(folder / "model", dtype=torch.float32).eval()
c = hf.config
cfg = HookedTransformerConfig(
    n_layers=c.n_layer, d_model=c.n_embd, n_heads=c.n_head, d_head=c.n_embd // c.n_head, d_mlp=4 * c.n_embd,
    d_vocab=c.vocab_size, n_ctx=c.n_positions, act_fn="gelu_new", eps=c.layer_norm_epsilon, normalization_type="LN",
    device="cpu", dtype=torch.float32)
model = HookedSAETransformer(cfg, move_to_device=False)
model.load_state_dict(convert_gpt2_weights(hf, cfg), strict=False)
model.eval()
sae = SAE.load_from_disk(str(folder / "sae"), device="cpu")
capture = json.loads((folder / "capture/activations.json").read_text())
with pyarrow.ipc.open_file(folder / "capture/tokens.arrow") as arrow:
    ids = torch.tensor(arrow.read_all().column("ids").to_pylist())
tokens = ids[: capture["split"]["first_held_out_context"]]

before = resource.getrusage(resource.RUSAGE_SELF)
vis = SaeVisConfig(
    hook_point="blocks.1.hook_resid_post", features=list(range(given.width)), minibatch_size_features=256,
    minibatch_size_tokens=64, device="cpu", dtype="float32")
data = SaeVisRunner(vis).run(encoder=sae, model=model, tokens=tokens)
data.save_json(folder / "theirs.json")
after = resource.getrusage(resource.RUSAGE_SELF)
theirs = {
    "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    "memory": after.ru_maxrss * 1024,
    "bytes": (folder / "theirs.json").stat().st_size,
}
sequences = sum(
    len(group.seq_data) for feature in data.feature_data_dict.values() for group in feature.sequence_data.seq_group_data)
rates = []
for name, figures, latents, examples in (
    ("collect-dashboard", ours, dashboard["live"], dashboard["examples"]),
    ("SAEDashboard", theirs, len(data.feature_data_dict), sequences),
):
    rates.append(latents / figures["cpu"])
    print(
        f"{name:18} {latents} latents, {examples} examples, {tokens.numel()} tokens: {figures['cpu']:.1f} s of a CPU "
        f"({rates[-1]:.1f} latents/s), {figures['memory'] / 1e6:.0f} MB of memory, {figures['bytes'] / 1e6:.1f} MB written")
print(f"{rates[0] / rates[1]:.1f} times the rate")
sys.exit(rates[0] < 3 * rates[1])
