"""One training step at a time with the trainers of SAELens, dictionary_learning and sparsify, asked for over stdin.

`python peers.py FOLDER`, where FOLDER/shape.json holds d_in, d_sae, batch, batches, k, bias and transcoder (whether each batch is
to become the next one, which sparsify alone trains), x.f32 the batches
[batches, batch, d_in] and rows.f32 the first decoder rows [d_sae, d_in], whose transpose the encoder starts as. Commands,
one a line: `make LIBRARY ARCHITECTURE`, `step`, `drop`. Answers: one line of JSON each.
"""
import gc
import json
import os
import sys
import time
from pathlib import Path

os.environ["SPARSIFY_DISABLE_TRITON"] = "1"
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what libraries print is no answer

import numpy as np
import torch

folder = Path(sys.argv[1])
shape = json.loads((folder / "shape.json").read_text())
d_in, d_sae, batch, k, bias = (shape[name] for name in ("d_in", "d_sae", "batch", "k", "bias"))
torch.set_num_threads(shape["threads"])
torch.set_num_interop_threads(1)
x = torch.from_numpy(np.fromfile(folder / "x.f32", dtype=np.float32).reshape(shape["batches"], batch, d_in))
rows = torch.from_numpy(np.fromfile(folder / "rows.f32", dtype=np.float32).reshape(d_sae, d_in))
transcoder = shape["transcoder"]
lr = 1e-5
groups = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 17 / 32]


def saelens(architecture):
    if transcoder:
        raise KeyError(architecture)
    from sae_lens.config import SAETrainerConfig
    from sae_lens.saes.batchtopk_sae import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
    from sae_lens.saes.gated_sae import GatedTrainingSAE, GatedTrainingSAEConfig
    from sae_lens.saes.jumprelu_sae import JumpReLUTrainingSAE, JumpReLUTrainingSAEConfig
    from sae_lens.saes.matryoshka_batchtopk_sae import MatryoshkaBatchTopKTrainingSAE, MatryoshkaBatchTopKTrainingSAEConfig
    from sae_lens.saes.standard_sae import StandardTrainingSAE, StandardTrainingSAEConfig
    from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.training.sae_trainer import SAETrainer

    size = dict(d_in=d_in, d_sae=d_sae, decoder_init_norm=1.0)
    widths = [int(d_sae * sum(groups[: i + 1])) for i in range(len(groups) - 1)] + [d_sae]
    cls, cfg = {
        "topk": lambda: (TopKTrainingSAE, TopKTrainingSAEConfig(**size, k=k)),
        "batch_topk": lambda: (BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig(**size, k=k)),
        "matryoshka_batch_topk": lambda: (
            MatryoshkaBatchTopKTrainingSAE,
            MatryoshkaBatchTopKTrainingSAEConfig(**size, k=k, matryoshka_widths=widths),
        ),
        "standard": lambda: (StandardTrainingSAE, StandardTrainingSAEConfig(**size, l1_coefficient=0.1)),
        "jumprelu": lambda: (JumpReLUTrainingSAE, JumpReLUTrainingSAEConfig(**size, l0_coefficient=0.1, jumprelu_init_threshold=bias)),
        "gated": lambda: (GatedTrainingSAE, GatedTrainingSAEConfig(**size, l1_coefficient=0.1)),
    }[architecture]()
    sae = cls(cfg)
    with torch.no_grad():
        sae.W_dec.copy_(rows)
        sae.W_enc.copy_(rows.T)
        if architecture == "standard":
            sae.b_enc.fill_(-bias)
        if architecture == "gated":
            sae.b_gate.fill_(-bias)
    config = SAETrainerConfig(total_training_samples=batch * 10**6, train_batch_size_samples=batch, lr=lr, lr_end=lr)
    trainer = SAETrainer(config, sae, iter(()))

    def step(rows, _):
        trainer.step(rows)
        trainer.n_training_steps += 1

    return step


def dictionary_learning(architecture):
    if transcoder:
        raise KeyError(architecture)
    from dictionary_learning.trainers.batch_top_k import BatchTopKTrainer
    from dictionary_learning.trainers.gdm import GatedSAETrainer
    from dictionary_learning.trainers.jumprelu import JumpReluTrainer
    from dictionary_learning.trainers.matryoshka_batch_top_k import MatryoshkaBatchTopKTrainer
    from dictionary_learning.trainers.p_anneal import PAnnealTrainer
    from dictionary_learning.trainers.standard import StandardTrainer
    from dictionary_learning.trainers.top_k import TopKTrainer

    common = dict(steps=10**6, activation_dim=d_in, dict_size=d_sae, layer=0, lm_name="none", lr=lr, device="cpu", seed=0)
    cls, more = {
        "topk": (TopKTrainer, dict(k=k)),
        "batch_topk": (BatchTopKTrainer, dict(k=k)),
        "matryoshka_batch_topk": (MatryoshkaBatchTopKTrainer, dict(k=k, group_fractions=groups)),
        "standard": (StandardTrainer, dict(l1_penalty=0.1)),
        "jumprelu": (JumpReluTrainer, dict()),
        "gated": (GatedSAETrainer, dict(l1_penalty=0.1)),
        "p_anneal": (PAnnealTrainer, dict(initial_sparsity_penalty=0.1)),
    }[architecture]
    trainer = cls(**common, **more)
    ae = trainer.ae
    with torch.no_grad():
        if hasattr(ae, "encoder"):
            ae.encoder.weight.copy_(rows)
            ae.decoder.weight.copy_(rows.T)
        else:
            ae.W_enc.copy_(rows.T)
            ae.W_dec.copy_(rows)
        if architecture in ("standard", "p_anneal"):
            ae.encoder.bias.fill_(-bias)
        if architecture == "jumprelu":
            ae.threshold.fill_(bias)
        if architecture == "gated":
            ae.gate_bias.fill_(-bias)
    # Step 0 sets b_dec to the geometric median, which no other step does.
    state = {"step": 0}

    def step(rows, _):
        state["step"] += 1
        trainer.update(state["step"], rows)

    return step


def sparsify(architecture):
    """Its trainer is a loop around a language model; this is what it does with one batch of activations. Decoders of transcoders
    begin at zero and keep no norm there."""
    from sparsify.config import SparseCoderConfig
    from sparsify.sparse_coder import SparseCoder

    if architecture != "topk":
        raise KeyError(architecture)
    sae = SparseCoder(d_in, SparseCoderConfig(num_latents=d_sae, k=k, transcode=transcoder))
    with torch.no_grad():
        sae.encoder.weight.copy_(rows)
        if not transcoder:
            sae.W_dec.copy_(rows)
    optimizer = torch.optim.Adam(sae.parameters(), lr=lr)

    def step(rows, target):
        if not transcoder:
            sae.set_decoder_norm_to_unit_norm()
        out = sae(rows, target if transcoder else None, dead_mask=None)
        loss = out.fvu + out.auxk_loss / 32 + out.multi_topk_fvu / 8
        loss.backward()
        if not transcoder:
            sae.remove_gradient_parallel_to_decoder_directions()
        optimizer.step()
        optimizer.zero_grad()

    return step


libraries = {"SAELens": saelens, "dictionary_learning": dictionary_learning, "sparsify": sparsify}
step, done = None, 0


def answer(**facts):
    answers.write(json.dumps(facts) + "\n")
    answers.flush()


answer(ready=True)
for line in sys.stdin:
    command, *words = line.split()
    if command == "make":
        try:
            step = libraries[words[0]](words[1])
            answer(made=True)
        except KeyError:
            answer(made=False)
    elif command == "drop":
        step = None
        gc.collect()
        answer(dropped=True)
    else:
        rows_now, next_rows = x[done % len(x)], x[(done + 1) % len(x)]
        done += 1
        start = time.perf_counter()
        step(rows_now, next_rows)
        answer(ms=1000 * (time.perf_counter() - start))
