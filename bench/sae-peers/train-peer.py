"""Trains an SAE with a library's own trainer on the rows of an Activations artifact, and writes a SAELens folder.

dictionary_learning: topk, batch_topk, matryoshka_batch_topk, standard (L1), gated. SAELens: jumprelu.
Rows are divided by sqrt(mean |x|^2), and biases and thresholds multiplied with it at the end.
"""
import json
import os
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from safetensors.torch import save_file

value = lambda name: os.environ[f"VALUE_{name}"]
architecture = value("architecture")
d_sae, k, steps, batch, seed = (int(value(n)) for n in ["d_sae", "k", "steps", "batch_rows", "seed"])
lr, warmup, decay = (float(value(n)) for n in ["lr", "warmup", "decay"])
l1 = {"standard": 0.06, "gated": 0.08}

table = pa.ipc.open_file(Path(os.environ["INPUT_activations"]) / "train.arrow").read_all()
column = table.column("activation").combine_chunks()
d_in = column.type.list_size
rows = torch.from_numpy(np.array(column.flatten(), dtype=np.float32).reshape(-1, d_in))
scale = rows.pow(2).sum(-1).mean().sqrt().item()
rows /= scale
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)
# Time is not what is compared, and one thread waits for no other.
torch.set_num_threads(1)


def batches():
    """Batches of one permutation of all rows after another."""
    left = torch.empty(0, dtype=torch.long)
    while True:
        while len(left) < batch:
            left = torch.cat([left, torch.randperm(len(rows))])
        yield rows[left[:batch]]
        left = left[batch:]


def dictionary_learning():
    from dictionary_learning.trainers.batch_top_k import BatchTopKTrainer
    from dictionary_learning.trainers.gdm import GatedSAETrainer
    from dictionary_learning.trainers.matryoshka_batch_top_k import MatryoshkaBatchTopKTrainer
    from dictionary_learning.trainers.standard import StandardTrainer
    from dictionary_learning.trainers.top_k import TopKTrainer
    common = dict(steps=steps, activation_dim=d_in, dict_size=d_sae, layer=1, lm_name="tiny-speller", lr=lr, device="cpu",
                  seed=seed, warmup_steps=round(warmup * steps), decay_start=steps - round(decay * steps))
    chosen = dict(k=k, auxk_alpha=1 / 32)
    weighed = dict(sparsity_warmup_steps=round(0.05 * steps), l1_penalty=l1.get(architecture))
    fractions = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 17 / 32]
    trainer = {
        "topk": lambda: TopKTrainer(**common, **chosen),
        "batch_topk": lambda: BatchTopKTrainer(**common, **chosen),
        "matryoshka_batch_topk": lambda: MatryoshkaBatchTopKTrainer(**common, **chosen, group_fractions=fractions),
        "standard": lambda: StandardTrainer(**common, **weighed, resample_steps=None),
        "gated": lambda: GatedSAETrainer(**common, **weighed),
    }[architecture]()
    source = batches()
    for step in range(steps):
        trainer.update(step, next(source))
    ae = trainer.ae
    if hasattr(ae, "encoder"):
        weights = {"W_enc": ae.encoder.weight.T, "W_dec": ae.decoder.weight.T}
    else:
        weights = {"W_enc": ae.W_enc, "W_dec": ae.W_dec}
    if architecture == "gated":
        weights |= {"b_dec": ae.decoder_bias * scale, "b_gate": ae.gate_bias * scale, "b_mag": ae.mag_bias * scale,
                    "r_mag": ae.r_mag}
        return "gated", weights, {}
    weights["b_enc"] = (ae.encoder.bias if hasattr(ae, "encoder") else ae.b_enc) * scale
    weights["b_dec"] = (ae.bias if architecture == "standard" else ae.b_dec) * scale
    if architecture == "standard":
        return "standard", weights, {}
    if architecture == "topk":
        return "topk", weights, {"k": k, "rescale_acts_by_decoder_norm": False}
    weights["threshold"] = torch.full((d_sae,), ae.threshold.item() * scale)
    return "jumprelu", weights, {}


def saelens():
    from sae_lens.saes.jumprelu_sae import JumpReLUTrainingSAE, JumpReLUTrainingSAEConfig
    from sae_lens.saes.sae import TrainStepInput
    cfg = JumpReLUTrainingSAEConfig(d_in=d_in, d_sae=d_sae, l0_coefficient=0.003, apply_b_dec_to_input=True)
    sae = JumpReLUTrainingSAE(cfg)
    optimizer = torch.optim.Adam(sae.parameters(), lr=lr, betas=(0.9, 0.999))
    source = batches()
    silent = torch.zeros(d_sae, dtype=torch.long)
    for step in range(steps):
        up, down = (step + 1) / round(warmup * steps), (steps - step) / round(decay * steps)
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1.0, up, down)
        coefficient = 0.003 * min(1.0, (step + 1) / round(0.05 * steps))
        result = sae.training_forward_pass(TrainStepInput(
            sae_in=next(source), coefficients={"l0": coefficient}, dead_neuron_mask=silent > 1000,
            n_training_steps=step, is_logging_step=False))
        silent = torch.where((result.feature_acts > 0).any(0), 0, silent + 1)
        optimizer.zero_grad()
        result.loss.backward()
        torch.nn.utils.clip_grad_norm_(sae.parameters(), 1.0)
        optimizer.step()
    weights = {"W_enc": sae.W_enc, "W_dec": sae.W_dec, "b_enc": sae.b_enc * scale, "b_dec": sae.b_dec * scale,
               "threshold": sae.threshold * scale}
    return "jumprelu", weights, {}


name, weights, more = saelens() if architecture == "jumprelu" else dictionary_learning()
out = Path(os.environ["OUTPUT"])
save_file({n: w.detach().clone().float().contiguous() for n, w in weights.items()}, str(out / "sae_weights.safetensors"))
(out / "cfg.json").write_text(json.dumps({
    "architecture": name, "d_in": d_in, "d_sae": d_sae, "dtype": "float32", "device": "cpu", "apply_b_dec_to_input": True,
    "normalize_activations": "none", "reshape_activations": "none", **more,
    "metadata": {"sae_lens_version": "6.54.12", "hook_name": "blocks.1.hook_resid_post"}}))
