"""About a hundred small SAEs, saved by the libraries themselves or laid out as their loaders read them, with what they compute.

    pip install sae-lens==6.54.12 dictionary-learning==0.1.0 eai-sparsify==1.3.3
    SPARSIFY_DISABLE_TRITON=1 python make-saes.py FOLDER [PATTERN ...]

Random weights from fixed seeds. Each folder gets expected.safetensors with x, f (features) and x_hat, or, where the library
itself cannot use the files, info.json with "refused": why. The fixtures that test/fixtures/saes/README.md names are made
by this script, too.
"""
import fnmatch
import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
root = Path(sys.argv[1])
patterns = sys.argv[2:] or ["*"]
n = 8
cases = {}


def case(name, **kwargs):
    def add(make):
        cases[name] = (make, kwargs)
        return make
    return add


def expect(folder, x, f, x_hat, **info):
    contexts = x.ndim == 3 and f.ndim == 3 and f.shape[:2] == x.shape[:2]

    def flat(t):
        t = t.detach().float()
        return (t if contexts else t.reshape(x.shape[0], -1)).contiguous()

    f = f.detach().float()
    f = f if contexts else f.reshape(x.shape[0], -1)
    save_file({"x": flat(x), "f": f.contiguous(), "x_hat": flat(x_hat)}, str(folder / "expected.safetensors"))
    (folder / "info.json").write_text(json.dumps({"l0": (f != 0).sum(-1).float().mean().item(), **info}) + "\n")


def refused(folder, why):
    (folder / "info.json").write_text(json.dumps({"refused": why}) + "\n")


def randomize(module, g):
    with torch.no_grad():
        for name, p in sorted(module.named_parameters()):
            scale = 0.3 if p.ndim > 1 else 0.2
            p.copy_((torch.randn(p.shape, generator=g) * scale).to(p.dtype))
            if "threshold" in name:
                p.abs_()


def rows(g, d_in, mean=0.5):
    return torch.randn(n, d_in, generator=g) + mean


# ---- SAELens ------------------------------------------------------------------------------------------------------------

def saelens(arch, d_in=8, d_sae=24, used="float32", hook="blocks.1.hook_resid_post", change=None, unit=False, **more):
    def make(folder, g):
        from sae_lens import SAE
        from sae_lens.registry import get_sae_class
        cls, cfg_cls = get_sae_class(arch)
        cfg = cfg_cls(d_in=d_in, d_sae=d_sae, **more)
        cfg.metadata.hook_name = hook
        sae = cls(cfg)
        randomize(sae, g)
        if unit:
            sae.W_dec.data /= sae.W_dec.data.norm(dim=-1, keepdim=True)
        if arch == "jumprelu" and change == "negative":
            sae.threshold.data -= 0.15
        sae.save_model(str(folder))
        if callable(change):
            config = json.loads((folder / "cfg.json").read_text())
            change(config)
            (folder / "cfg.json").write_text(json.dumps(config))
        x = rows(g, d_in)
        sae = SAE.load_from_disk(str(folder), dtype=used)
        given = x.reshape(n, 2, d_in // 2) if hook.endswith("hook_z") else x
        if used == "float64":
            given = given.double()
        expect(folder, x, sae.encode(given), sae(given))
    return make


for name, kwargs in {
    "standard": dict(arch="standard"),
    "standard_odd_sizes": dict(arch="standard", d_in=7, d_sae=5),
    "standard_one_input": dict(arch="standard", d_in=1, d_sae=3),
    "standard_layer_norm": dict(arch="standard", normalize_activations="layer_norm"),
    "standard_constant_norm": dict(arch="standard", normalize_activations="constant_norm_rescale"),
    "standard_average": dict(arch="standard", normalize_activations="expected_average_only_in"),
    "standard_whitening": dict(arch="standard", normalize_activations="covariance_whitening"),
    "standard_no_input_bias": dict(arch="standard", apply_b_dec_to_input=False),
    "standard_hook_z": dict(arch="standard", reshape_activations="hook_z", hook="blocks.1.attn.hook_z"),
    "standard_bf16": dict(arch="standard", dtype="bfloat16"),
    "standard_f16": dict(arch="standard", dtype="float16"),
    "standard_f64": dict(arch="standard", dtype="float64", used="float64"),
    "topk": dict(arch="topk", k=4),
    "topk_one": dict(arch="topk", k=1),
    "topk_all": dict(arch="topk", k=24),
    "topk_rescale": dict(arch="topk", k=4, rescale_acts_by_decoder_norm=True),
    "topk_rescale_layer_norm": dict(arch="topk", k=4, rescale_acts_by_decoder_norm=True, normalize_activations="layer_norm"),
    "topk_no_input_bias": dict(arch="topk", k=4, apply_b_dec_to_input=False),
    "abstopk": dict(arch="abstopk", k=4),
    "abstopk_rescale": dict(arch="abstopk", k=5, rescale_acts_by_decoder_norm=True),
    "abstopk_layer_norm": dict(arch="abstopk", k=3, normalize_activations="layer_norm", apply_b_dec_to_input=False),
    "abstopk_all": dict(arch="abstopk", k=24),
    "gated": dict(arch="gated"),
    "gated_layer_norm": dict(arch="gated", normalize_activations="layer_norm"),
    "gated_no_input_bias": dict(arch="gated", apply_b_dec_to_input=False, d_in=5, d_sae=11),
    "jumprelu": dict(arch="jumprelu"),
    "jumprelu_negative": dict(arch="jumprelu", change="negative"),
    "jumprelu_no_input_bias": dict(arch="jumprelu", apply_b_dec_to_input=False),
    "jumprelu_constant_norm_bf16": dict(arch="jumprelu", normalize_activations="constant_norm_rescale", dtype="bfloat16"),
    "matching_pursuit": dict(arch="matching_pursuit", unit=True),
    "matching_pursuit_few": dict(arch="matching_pursuit", unit=True, max_iterations=3),
    "matching_pursuit_threshold": dict(arch="matching_pursuit", unit=True, residual_threshold=1.0),
    "matching_pursuit_repeated": dict(arch="matching_pursuit", unit=True, stop_on_duplicate_support=False, residual_threshold=0.2, max_iterations=12),
    "matching_pursuit_free_norms": dict(arch="matching_pursuit", residual_threshold=0.0),
    "matching_pursuit_no_input_bias": dict(arch="matching_pursuit", unit=True, apply_b_dec_to_input=False),
    "matching_pursuit_layer_norm": dict(arch="matching_pursuit", unit=True, normalize_activations="layer_norm", d_in=6, d_sae=9),
    "transcoder": dict(arch="transcoder", d_out=6, apply_b_dec_to_input=False),
    "transcoder_same_width": dict(arch="transcoder", d_out=8, apply_b_dec_to_input=False),
    "transcoder_layer_norm": dict(arch="transcoder", d_out=6, apply_b_dec_to_input=False, normalize_activations="layer_norm"),
    "skip_transcoder": dict(arch="skip_transcoder", d_out=6, apply_b_dec_to_input=False),
    "jumprelu_transcoder": dict(arch="jumprelu_transcoder", d_out=10, apply_b_dec_to_input=False),
    "jumprelu_skip_transcoder": dict(arch="jumprelu_skip_transcoder", d_out=6, apply_b_dec_to_input=False),
}.items():
    cases[f"saelens/{name}"] = (saelens(**kwargs), {})


def temporal(hub=False, **more):
    def make(folder, g):
        from sae_lens import SAE
        from sae_lens.saes.temporal_sae import TemporalSAE, TemporalSAEConfig
        cfg = TemporalSAEConfig(d_in=8, d_sae=16, n_heads=2, bottleneck_factor=4, **more)
        sae = TemporalSAE(cfg)
        randomize(sae, g)
        # Codes are multiplied by 1 / (4 d_in): weights of the size that training leaves.
        for p in sae.parameters():
            p.data *= 3
        sae.save_model(str(folder))
        used = SAE.load_from_disk(str(folder))
        x = rows(g, 8)
        # Two contexts: what stands before a row is of its own.
        given = x.reshape(2, n // 2, 8)
        expect(folder, given, used.encode(given), used(given))
    return make


for name, kwargs in {
    "temporal": dict(kval_topk=3),
    "temporal_relu": dict(sae_diff_type="relu", tied_weights=False),
    "temporal_scaled": dict(kval_topk=3, normalize_activations="constant_scalar_rescale", activation_normalization_factor=0.5, n_attn_layers=2),
}.items():
    cases[f"saelens/{name}"] = (temporal(**kwargs), {})


def trained(kind, checkpoint=False, **more):
    def make(folder, g):
        from sae_lens import SAE
        from sae_lens.registry import get_sae_training_class
        cls, cfg_cls = get_sae_training_class(kind)
        sae = cls(cfg_cls(d_in=8, d_sae=24, **more))
        randomize(sae, g)
        if hasattr(sae, "topk_threshold"):
            sae.topk_threshold.fill_(0.4)
        if checkpoint:
            sae.save_model(str(folder))
        else:
            sae.save_inference_model(str(folder))
        try:
            used = SAE.load_from_disk(str(folder))
        except Exception as error:
            return refused(folder, f"SAELens: {type(error).__name__} {error}")
        x = rows(g, 8)
        expect(folder, x, used.encode(x), used(x))
    return make


for name, (make) in {
    "trained_batchtopk": trained("batchtopk", k=4),
    "trained_batchtopk_fractional": trained("batchtopk", k=2.5),
    "trained_batchtopk_rescale": trained("batchtopk", k=4, rescale_acts_by_decoder_norm=True),
    "trained_matryoshka": trained("matryoshka_batchtopk", k=4, matryoshka_widths=[6, 12, 24]),
    "trained_matryoshka_fractional": trained("matryoshka_batchtopk", k=3.5, matryoshka_widths=[6, 12]),
    "trained_standard": trained("standard", l1_coefficient=2.0),
    "trained_topk": trained("topk", k=4),
    "trained_abstopk": trained("abstopk", k=4),
    "trained_gated": trained("gated"),
    "trained_jumprelu": trained("jumprelu"),
    "trained_matching_pursuit": trained("matching_pursuit", decoder_init_norm=1.0),
    "checkpoint_standard": trained("standard", checkpoint=True),
    "checkpoint_topk": trained("topk", k=4, checkpoint=True),
    "checkpoint_batchtopk": trained("batchtopk", k=4, checkpoint=True),
    "checkpoint_matryoshka": trained("matryoshka_batchtopk", k=4, matryoshka_widths=[12, 24], checkpoint=True),
    "checkpoint_jumprelu": trained("jumprelu", checkpoint=True),
}.items():
    cases[f"saelens/{name}"] = (make, {})


def legacy(arch, header, extra=None, weights_of=None):
    def make(folder, g):
        from sae_lens import SAE
        from sae_lens.registry import get_sae_class
        cls, cfg_cls = get_sae_class(weights_of or arch)
        sae = cls(cfg_cls(d_in=8, d_sae=24, **({"k": 4} if (weights_of or arch) in ("topk", "abstopk") else {})))
        randomize(sae, g)
        weights = {k: v.contiguous() for k, v in sae.state_dict().items()}
        weights.update(extra or {})
        save_file(weights, str(folder / "sae_weights.safetensors"))
        (folder / "cfg.json").write_text(json.dumps({"d_in": 8, "d_sae": 24, "dtype": "float32", "device": "cpu", "model_name": "synthetic", **header}))
        x = rows(g, 8)
        try:
            used = SAE.load_from_disk(str(folder))
            given = x.reshape(n, 2, 4) if "hook_z" in header.get("hook_point", "") else x
            f, x_hat = used.encode(given), used(given)
        except Exception as error:
            return refused(folder, f"SAELens: {type(error).__name__} {error}")
        expect(folder, x, f, x_hat)
    return make


hook = {"hook_point": "blocks.1.hook_resid_pre", "hook_point_layer": 1, "hook_point_head_index": None}
for name, make in {
    "legacy_standard": legacy("standard", {"architecture": "standard", "activation_fn_str": "relu", "normalize_activations": False, **hook}),
    "legacy_bare": legacy("standard", {"hook_point": "blocks.1.attn.hook_z", "hook_point_layer": 1}),
    "legacy_factor_of_ones": legacy("standard", {**hook}, {"scaling_factor": torch.ones(24)}),
    "legacy_factor": legacy("standard", {**hook, "finetuning_scaling_factor": False}, {"scaling_factor": torch.full((24,), 2.0)}),
    "legacy_topk_by_activation": legacy("topk", {"activation_fn_str": "topk", "activation_fn_kwargs": {"k": 4}, **hook}),
    "legacy_topk_by_architecture": legacy("topk", {"architecture": "topk", "activation_fn_kwargs": {"k": 6}, **hook}),
    "legacy_topk_both": legacy("topk", {"architecture": "standard", "activation_fn": "topk", "activation_fn_kwargs": {"k": 5}, "normalize_activations": "layer_norm", **hook}),
    "legacy_topk_at_the_top": legacy("topk", {"architecture": "topk", "k": 7, **hook}),
    "legacy_gated": legacy("gated", {"architecture": "gated", "activation_fn_str": "relu", "apply_b_dec_to_input": True, **hook}),
    "legacy_jumprelu": legacy("jumprelu", {"architecture": "jumprelu", "apply_b_dec_to_input": False, "normalize_activations": "expected_average_only_in", "sae_lens_training_version": "5.3.0", **hook}),
    "legacy_runner_keys": legacy("standard", {"l1_coefficient": 0.001, "lr": 0.0004, "use_ghost_grads": False, "expansion_factor": 3, "b_dec_init_method": "geometric_median", "wandb_project": "x", "feature_sampling_window": 1000, "is_dataset_tokenized": False, "n_batches_in_buffer": 32, "total_training_tokens": 1000, "seed": 1, "tokens_per_buffer": 10, "run_name": "y", "checkpoint_path": "z", **hook}),
}.items():
    cases[f"saelens/{name}"] = (make, {})


def unknown_saelens(key, value, arch="standard", **more):
    def make(folder, g):
        saelens(arch, change=lambda config: config.update({key: value}), **more)(folder, g)
        (folder / "expected.safetensors").unlink()
        refused(folder, f"SAELens drops {key}, which may mean something to who wrote it")
    return make


cases["saelens/unknown_key"] = (unknown_saelens("leak", 0.1), {})
cases["saelens/unknown_k"] = (unknown_saelens("k", 3), {})


# ---- dictionary_learning -----------------------------------------------------------------------------------------------

def dictionary(cls_name, args=(), io="out", save=None, config=None, no_config=False, cast=None, why=None):
    def make(folder, g):
        from dictionary_learning.dictionary import AutoEncoder, AutoEncoderNew, GatedAutoEncoder, JumpReluAutoEncoder
        from dictionary_learning.trainers.batch_top_k import BatchTopKSAE
        from dictionary_learning.trainers.matryoshka_batch_top_k import MatryoshkaBatchTopKSAE
        from dictionary_learning.trainers.top_k import AutoEncoderTopK
        cls = {c.__name__: c for c in [AutoEncoder, AutoEncoderNew, GatedAutoEncoder, JumpReluAutoEncoder, BatchTopKSAE, MatryoshkaBatchTopKSAE, AutoEncoderTopK]}[cls_name]
        ae = cls(8, 24, *args)
        randomize(ae, g)
        if hasattr(ae, "threshold") and ae.threshold.ndim == 0:
            ae.threshold.fill_(0.4)
        if cast:
            ae = ae.to(cast)
        state = {k: v.detach().cpu() for k, v in ae.state_dict().items()}
        torch.save(save(state) if save else state, folder / "ae.pt")
        trainer = {"dict_class": cls_name, "activation_dim": 8, "dict_size": 24, "layer": 1, "lm_name": "synthetic", "seed": 0, "lr": 0.001}
        if hasattr(ae, "k"):
            trainer["k"] = int(ae.k)
        trainer.update(config or {})
        if not no_config:
            (folder / "config.json").write_text(json.dumps({"trainer": trainer, "buffer": {"d_submodule": 8, "io": io, "ctx_len": 128}}))
        if why:
            return refused(folder, why)
        x = rows(g, 8)
        ae = ae.float()
        f = ae.encode(x)
        expect(folder, x, f, ae.decode(f))
    return make


def transposed(state):
    return {k: (v.T.contiguous().T if v.ndim == 2 else v) for k, v in state.items()}


def views(state):
    """Tensors that are parts of larger ones, with every second number."""
    made = {}
    for k, v in state.items():
        if v.ndim == 0:
            made[k] = v
            continue
        big = torch.zeros([2 * s + 1 for s in v.shape], dtype=v.dtype)
        view = big[tuple(slice(1, None, 2) for _ in v.shape)]
        view.copy_(v)
        made[k] = view
    return made


def expanded(state):
    return {**state, "threshold": torch.tensor(0.3).expand(24), "b_dec": torch.tensor([0.1]).expand(8)}


for name, make in {
    "AutoEncoder": dictionary("AutoEncoder"),
    "AutoEncoderNew": dictionary("AutoEncoderNew"),
    "GatedAutoEncoder": dictionary("GatedAutoEncoder"),
    "JumpReluAutoEncoder": dictionary("JumpReluAutoEncoder"),
    "AutoEncoderTopK": dictionary("AutoEncoderTopK", (4,)),
    "BatchTopKSAE": dictionary("BatchTopKSAE", (4,)),
    "MatryoshkaBatchTopKSAE": dictionary("MatryoshkaBatchTopKSAE", (4, [6, 6, 12])),
    "in_and_out": dictionary("AutoEncoder", io="in_and_out"),
    "bf16": dictionary("BatchTopKSAE", (4,), cast=torch.bfloat16),
    "f16": dictionary("AutoEncoder", cast=torch.float16),
    "f64": dictionary("AutoEncoder", cast=torch.float64),
    "transposed_views": dictionary("AutoEncoderTopK", (4,), save=transposed),
    "views_with_steps": dictionary("JumpReluAutoEncoder", save=views),
    "no_config": dictionary("GatedAutoEncoder", no_config=True),
    "no_config_topk": dictionary("AutoEncoderTopK", (4,), no_config=True, why="TopK and BatchTopK have the same tensors"),
    "other_k": dictionary("AutoEncoderTopK", (4,), config={"k": 5}, why="from_pretrained: k=5 != 4"),
    "other_class": dictionary("AutoEncoder", config={"dict_class": "GatedAutoEncoder"}, why="the tensors are of another class"),
    "unknown_key": dictionary("AutoEncoder", config={"activation": "gelu"}, why="the key is not the library's"),
    "extra_tensor": dictionary("AutoEncoder", save=lambda s: {**s, "leak": torch.ones(24)}, why="load_state_dict: unexpected key"),
}.items():
    cases[f"dictionary_learning/{name}"] = (make, {})


@case("dictionary_learning/expanded")
def make_expanded(folder, g):
    from dictionary_learning.dictionary import JumpReluAutoEncoder
    ae = JumpReluAutoEncoder(8, 24)
    randomize(ae, g)
    state = expanded({k: v.detach() for k, v in ae.state_dict().items()})
    torch.save(state, folder / "ae.pt")
    (folder / "config.json").write_text(json.dumps({"trainer": {"dict_class": "JumpReluAutoEncoder"}}))
    ae.load_state_dict(state)
    x = rows(g, 8)
    expect(folder, x, ae.encode(x), ae(x))


# ---- sparsify ----------------------------------------------------------------------------------------------------------

def sparse(signed=False, dtype=None, edit=None, why=None, **cfg):
    def make(folder, g):
        from sparsify import SparseCoder, SparseCoderConfig
        coder = SparseCoder(8, SparseCoderConfig(**cfg), dtype=dtype)
        randomize(coder, g)
        coder.save_to_disk(folder)
        if edit:
            config = json.loads((folder / "cfg.json").read_text())
            config.update(edit)
            (folder / "cfg.json").write_text(json.dumps(config))
        if why:
            return refused(folder, why)
        x = rows(g, 8)
        coder = coder.float()
        if signed:
            # As sparsify before 1.0: select_topk of latents.abs(), the latents gathered.
            pre = coder.encoder(x if coder.cfg.transcode else x - coder.b_dec)
            indices = pre.abs().topk(coder.cfg.k, sorted=False).indices
            acts = pre.gather(-1, indices)
        else:
            acts, indices, _ = coder.encode(x)
        f = torch.zeros(n, coder.num_latents).scatter_(1, indices, acts.detach())
        x_hat = coder.decode(acts, indices)
        if coder.W_skip is not None:
            x_hat = x_hat + x @ coder.W_skip.mT
        expect(folder, x, f, x_hat)
    return make


for name, make in {
    "topk": sparse(expansion_factor=3, k=4),
    "topk_num_latents": sparse(num_latents=20, k=4),
    "multi_topk": sparse(num_latents=20, k=4, multi_topk=True),
    "groupmax": sparse(num_latents=24, k=4, activation="groupmax"),
    "groupmax_one": sparse(num_latents=24, k=1, activation="groupmax"),
    "groupmax_all": sparse(num_latents=24, k=24, activation="groupmax"),
    "groupmax_transcoder": sparse(num_latents=24, k=6, activation="groupmax", transcode=True, skip_connection=True),
    "skip_transcoder": sparse(num_latents=24, k=4, transcode=True, skip_connection=True),
    "transcoder": sparse(num_latents=24, k=4, transcode=True),
    "bf16": sparse(num_latents=24, k=4, dtype=torch.bfloat16),
    "signed": sparse(signed=True, num_latents=24, k=4, edit={"signed": True}),
    "signed_false": sparse(num_latents=24, k=4, edit={"signed": False}),
    "unknown_key": sparse(num_latents=24, k=4, edit={"scale": 2.0}, why="the key is not the library's"),
    "groupmax_uneven": sparse(num_latents=24, k=4, activation="groupmax", edit={"k": 5}, why="24 latents are no 5 groups"),
    "unknown_activation": sparse(num_latents=24, k=4, edit={"activation": "softmax"}, why="Unknown activation"),
}.items():
    cases[f"sparsify/{name}"] = (make, {})


# ---- layouts of publishers, as SAELens's loaders read them --------------------------------------------------------------

def published(loader, repo, folder_name, files, overrides=None, norm=None, models=None, transcoder=False, inside=""):
    """`files(folder, g)` writes into `folder`, which stands for repo/folder_name/inside; then the loader reads it."""
    def make(folder, g):
        from sae_lens import SAE
        from sae_lens.loading import pretrained_sae_loaders as loaders
        from safetensors import safe_open
        inner = folder / inside
        inner.mkdir(parents=True, exist_ok=True)
        files(inner, g)

        def local(repo_id=None, filename=None, subfolder=None, **_):
            path = f"{subfolder}/{filename}" if subfolder else filename
            rest = path.removeprefix(folder_name).lstrip("/")
            found = inner / (rest or Path(folder_name).name)
            if not found.exists():
                from huggingface_hub.utils import EntryNotFoundError
                raise EntryNotFoundError(path)
            return str(found)

        def shapes(repo_id, filename):
            with safe_open(local(filename=filename), framework="pt") as f:
                return {k: list(f.get_tensor(k).shape) for k in f.keys()}

        loaders.hf_hub_download, loaders.get_safetensors_tensor_shapes = local, shapes
        if models:
            loaders.QWEN_SCOPE_MODEL_INFO.update(models)
        cfg, state, _ = getattr(loaders, loader)(repo, folder_name, "cpu", False, {"dtype": "float32", **(overrides or {})})
        cfg = loaders.handle_config_defaulting(cfg)
        cfg["device"] = "cpu"
        config = SAE.get_sae_config_class_for_architecture(cfg["architecture"]).from_dict(cfg)
        sae = SAE.get_sae_class_for_architecture(config.architecture())(config)
        sae.process_state_dict_for_loading(state)
        sae.load_state_dict(state)
        # As from_pretrained does for what its list of SAEs has a factor for.
        if norm is not None:
            sae.fold_activation_norm_scaling_factor(norm)
        sae = sae.to(dtype=torch.float32)
        x = rows(g, cfg["d_in"])
        expect(folder, x, sae.encode(x), sae(x))
    return make


def gaussians(g, **shapes):
    return {k: torch.randn(s, generator=g) * (0.3 if len(s) > 1 else 0.2) for k, s in shapes.items()}


def gemma_2(upper=True, d_out=8, dtype=np.float32, **extra):
    def files(folder, g):
        t = gaussians(g, W_enc=(8, 24), W_dec=(24, d_out), b_enc=(24,), b_dec=(d_out,), threshold=(24,))
        t["threshold"].abs_()
        arrays = {(k if upper else k.lower()): v.numpy().astype(dtype) for k, v in t.items()}
        np.savez(folder / "params.npz", **arrays, **extra)
    return files


def gemma_3(affine=False, config=True, type="sae", layer_hook="output", d_out=8):
    def files(folder, g):
        t = gaussians(g, w_enc=(8, 24), w_dec=(24, d_out), b_enc=(24,), b_dec=(d_out,), threshold=(24,))
        t["threshold"].abs_()
        if affine:
            t.update(gaussians(g, affine_skip_connection=(8, d_out)))
        save_file(t, str(folder / "params.safetensors"))
        if config:
            hook_in = f"model.layers.3.{layer_hook}"
            hook_out = hook_in if type == "sae" else "model.layers.3.post_feedforward_layernorm.output"
            (folder / "config.json").write_text(json.dumps({"hf_hook_point_in": hook_in, "hf_hook_point_out": hook_out, "width": 24, "model_name": "google/gemma-3-1b-pt", "architecture": "jump_relu", "l0": 20, "affine_connection": affine, "type": type}))
    return files


def linear(g, names, **more):
    t = gaussians(g, **{names[0]: (24, 8), names[1]: (24,), names[2]: (8, 24), names[3]: (8,)})
    t.update(more)
    return t


def lm_saes(folder, g, **config):
    (folder / "checkpoints").mkdir()
    save_file(linear(g, ["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"]), str(folder / "checkpoints/final.safetensors"))
    (folder / "hyperparams.json").write_text(json.dumps({"d_model": 8, "d_sae": 24, "expansion_factor": 3, "act_fn": "jumprelu", "jump_relu_threshold": 0.3, "norm_activation": "dataset-wise", "dataset_average_activation_norm": {"in": 4.5, "out": 4.5}, "hook_point_in": "blocks.5.hook_resid_post", "hook_point_out": "blocks.5.hook_resid_post", "use_decoder_bias": True, "apply_decoder_bias_to_pre_encoder": False, "sparsity_include_decoder_norm": True, "top_k": 50, **config}))


def r1(folder, g, norm=True):
    t = linear(g, ["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"], log_jumprelu_threshold=torch.randn(24, generator=g) * 0.3 - 1)
    if norm:
        t["dataset_average_activation_norm.blocks.5.hook_resid_post"] = torch.tensor(4.5)
    save_file(t, str(folder / "sae_weights.safetensors"))
    (folder / "config.json").write_text(json.dumps({"sae_type": "sae", "d_model": 8, "expansion_factor": 3, "act_fn": "jumprelu", "hook_point_in": "blocks.5.hook_resid_post", "hook_point_out": "blocks.5.hook_resid_post", "use_decoder_bias": True, **({"norm_activation": "dataset-wise"} if norm else {}), "sparsity_include_decoder_norm": False, "top_k": 50}))


def qwen(folder, g):
    torch.save(gaussians(g, W_enc=(24, 8), W_dec=(8, 24), b_enc=(24,), b_dec=(8,)), folder / "layer3.sae.pt")


def goodfire(folder, g):
    torch.save(linear(g, ["encoder_linear.weight", "encoder_linear.bias", "decoder_linear.weight", "decoder_linear.bias"]), folder / "Llama-3.1-8B-Instruct-SAE-l19.pth")


def deepseek(folder, g):
    torch.save(linear(g, ["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"]), folder / "DeepSeek-R1-Distill-Llama-8B-SAE-l19.pt")


def mwhanna(folder, g):
    save_file(gaussians(g, W_enc=(24, 8), W_dec=(24, 8), b_enc=(24,), b_dec=(8,)), str(folder / "layer_3.safetensors"))


scale = math.sqrt(8) / 4.5
size = dict(d_in=8, d_sae=24)
for name, make in {
    "gemma_scope/lower_case": published("gemma_2_sae_huggingface_loader", "google/gemma-scope-2b-pt-res", "layer_3/width_16k/average_l0_4", gemma_2(upper=False), size),
    "gemma_scope/factor_of_ones": published("gemma_2_sae_huggingface_loader", "google/gemma-scope-2b-pt-res", "layer_3/width_16k/average_l0_4", gemma_2(scaling_factor=np.ones(24, np.float32)), size),
    "gemma_scope/f16": published("gemma_2_sae_huggingface_loader", "google/gemma-scope-2b-pt-res", "layer_3/width_16k/average_l0_4", gemma_2(dtype=np.float16), size),
    "gemma_scope/embeddings": published("gemma_2_sae_huggingface_loader", "google/gemma-scope-2b-pt-res", "embedding/width_4k/average_l0_4", gemma_2(), size, inside="embedding/width_4k/average_l0_4"),
    "gemma_scope/transcoder": published("gemma_2_transcoder_huggingface_loader", "google/gemma-scope-2b-pt-transcoders", "layer_3/width_16k/average_l0_4", gemma_2(d_out=6), dict(**size, d_out=6)),
    "gemma_scope_2/sae": published("gemma_3_sae_huggingface_loader", "google/gemma-scope-2-1b-pt", "resid_post/layer_3_width_16k_l0_small", gemma_3()),
    "gemma_scope_2/attention": published("gemma_3_sae_huggingface_loader", "google/gemma-scope-2-1b-pt", "attn_out/layer_3_width_16k_l0_small", gemma_3(layer_hook="self_attn.o_proj.input")),
    "gemma_scope_2/transcoder": published("gemma_3_sae_huggingface_loader", "google/gemma-scope-2-1b-pt", "transcoder/layer_3_width_16k_l0_small", gemma_3(type="transcoder", layer_hook="pre_feedforward_layernorm.output")),
    "gemma_scope_2/transcoder_affine": published("gemma_3_sae_huggingface_loader", "google/gemma-scope-2-1b-pt", "transcoder/layer_3_width_16k_l0_small_affine", gemma_3(affine=True, type="transcoder", layer_hook="pre_feedforward_layernorm.output")),
    "gemma_scope_2/transcoder_widths": published("gemma_3_sae_huggingface_loader", "google/gemma-scope-2-1b-pt", "transcoder/layer_3_width_16k_l0_small_affine", gemma_3(affine=True, type="transcoder", layer_hook="pre_feedforward_layernorm.output", d_out=6)),
    "gemma_scope_2/no_config": published("gemma_3_sae_huggingface_loader", "google/gemma-scope-2-1b-pt", "resid_post/layer_3_width_16k_l0_small", gemma_3(config=False), inside="resid_post/layer_3_width_16k_l0_small"),
    "gemma_scope_2/no_config_transcoder": published("gemma_3_sae_huggingface_loader", "google/gemma-scope-2-1b-pt", "transcoder_all/layer_3_width_16k_l0_small_affine", gemma_3(affine=True, config=False), inside="transcoder_all/layer_3_width_16k_l0_small_affine"),
    "llama_scope/plain": published("llama_scope_sae_huggingface_loader", "fnlp/Llama3_1-8B-Base-LXR-8x", "Llama3_1-8B-Base-L5R-8x", lm_saes, norm=scale),
    "llama_scope_r1/plain": published("llama_scope_r1_distill_sae_huggingface_loader", "fnlp/Llama-Scope-R1-Distill", "L5R", r1, norm=scale),
    "llama_scope_r1/no_norm": published("llama_scope_r1_distill_sae_huggingface_loader", "fnlp/Llama-Scope-R1-Distill", "L5R", lambda folder, g: r1(folder, g, norm=False)),
    "qwen_scope/plain": published("qwen_scope_sae_huggingface_loader", "Qwen/SAE-Res-Qwen3-1.7B-Base-W1K-L0_5", "layer3.sae.pt", qwen, dict(d_sae=24), models={"Qwen3-1.7B-Base": ("Qwen/Qwen3-1.7B-Base", 8)}, inside="SAE-Res-Qwen3-1.7B-Base-W1K-L0_5"),
    "goodfire/plain": published("get_goodfire_huggingface_loader", "Goodfire/Llama-3.1-8B-Instruct-SAE-l19", "Llama-3.1-8B-Instruct-SAE-l19.pth", goodfire, size),
    "deepseek_r1/plain": published("deepseek_r1_sae_huggingface_loader", "qresearch/DeepSeek-R1-Distill-Llama-8B-SAE-l19", "DeepSeek-R1-Distill-Llama-8B-SAE-l19.pt", deepseek, size),
    "circuit_tracer/layer": published("mwhanna_transcoder_huggingface_loader", "mwhanna/qwen3-0.6b-transcoders-lowl0", "layer_3.safetensors", mwhanna, dict(**size, d_out=8)),
}.items():
    cases[name] = (make, {})


def connor_rob(folder, g):
    torch.save(gaussians(g, W_enc=(8, 24), W_dec=(24, 8), b_enc=(24,), b_dec=(8,)), folder / "L0_z.pt")
    (folder / "L0_z_cfg.json").write_text(json.dumps({"act_size": 8, "dict_size": 24, "act_name": "blocks.0.attn.hook_z", "model_name": "gpt2-small", "enc_dtype": "fp32", "seed": 49, "lr": 0.0012, "l1_coeff": 1.8, "site": "z", "layer": 0}))


@case("connor_rob/hook_z")
def make_connor_rob(folder, g):
    from sae_lens import SAE
    from sae_lens.loading import pretrained_sae_loaders as loaders
    connor_rob(folder, g)
    loaders.hf_hub_download = lambda repo_id=None, filename=None, **_: str(folder / filename)
    cfg, state, _ = loaders.connor_rob_hook_z_huggingface_loader("ckkissane/x", "L0_z.pt", "cpu")
    cfg = loaders.handle_config_defaulting(cfg)
    config = SAE.get_sae_config_class_for_architecture(cfg["architecture"]).from_dict(cfg)
    sae = SAE.get_sae_class_for_architecture(config.architecture())(config)
    sae.load_state_dict(state)
    x = rows(g, 8)
    expect(folder, x, sae.encode(x.reshape(n, 2, 4)), sae(x.reshape(n, 2, 4)))


@case("circuit_tracer/layer")
def make_circuit_tracer(folder, g):
    # Its loader wants YAML files of the repository for names alone.
    from sae_lens import SAE
    from sae_lens.saes.transcoder import Transcoder, TranscoderConfig
    from safetensors.torch import load_file
    mwhanna(folder, g)
    state = load_file(str(folder / "layer_3.safetensors"))
    state["W_enc"] = state["W_enc"].T
    sae = Transcoder(TranscoderConfig(d_in=8, d_out=8, d_sae=24, apply_b_dec_to_input=False))
    sae.load_state_dict(state)
    x = rows(g, 8)
    expect(folder, x, sae.encode(x), sae(x))


@case("gemma_scope_2/crosscoder")
def make_crosscoder(folder, g):
    # No library of the three reads it: latents of each layer read that layer and write to all.
    layers, d, m = 3, 4, 10
    parts = []
    for layer in range(layers):
        t = gaussians(g, w_enc=(d, m), w_dec=(m, layers, d), b_enc=(m,), b_dec=(d,), threshold=(m,))
        t["threshold"].abs_()
        save_file(t, str(folder / f"params_layer_{layer}.safetensors"))
        parts.append(t)
    (folder / "config.json").write_text(json.dumps({"architecture": "jump_relu", "type": "crosscoder", "model_name": "google/gemma-3-1b-pt", "affine_connection": False}))
    x = torch.randn(n, layers, d, generator=g) + 0.5
    pre = torch.stack([x[:, i] @ p["w_enc"] + p["b_enc"] for i, p in enumerate(parts)], 1)
    f = torch.stack([torch.relu(pre[:, i]) * (pre[:, i] > p["threshold"]) for i, p in enumerate(parts)], 1)
    x_hat = sum(torch.einsum("bs,sld->bld", f[:, i], p["w_dec"]) for i, p in enumerate(parts)) + torch.stack([p["b_dec"] for p in parts])
    expect(folder, x, f, x_hat)


def edited(name, path, change, why):
    """The files of another case with its JSON changed, which is to be refused."""
    def make(folder, g):
        cases[name][0](folder, g)
        found = next(folder.rglob(path))
        config = json.loads(found.read_text())
        config.update(change)
        found.write_text(json.dumps(config))
        (folder / "expected.safetensors").unlink()
        refused(folder, why)
    return make


for name, make in {
    "gemma_scope_2/unknown_key": edited("gemma_scope_2/sae", "config.json", {"gain": 2}, "the key is not known"),
    "gemma_scope_2/no_skip": edited("gemma_scope_2/transcoder", "config.json", {"affine_connection": True}, "there is no skip connection"),
    "gemma_scope_2/cross_layer": edited("gemma_scope_2/crosscoder", "config.json", {"type": "clt"}, "a cross-layer transcoder"),
    "gemma_scope_2/other_architecture": edited("gemma_scope_2/sae", "config.json", {"architecture": "topk"}, "Unexpected architecture in Gemma 3 config"),
    "llama_scope/topk": edited("llama_scope/plain", "hyperparams.json", {"act_fn": "topk"}, "not JumpReLU"),
    "llama_scope/unknown_key": edited("llama_scope/plain", "hyperparams.json", {"bottleneck": 3}, "the key is not known"),
    "llama_scope/subtracts": edited("llama_scope/plain", "hyperparams.json", {"apply_decoder_bias_to_pre_encoder": True}, "SAELens does not subtract it"),
    "llama_scope_r1/token_norm": edited("llama_scope_r1/plain", "config.json", {"norm_activation": "token-wise"}, "SAELens folds a norm of the data set alone"),
    "llama_scope_r1/unknown_key": edited("llama_scope_r1/plain", "config.json", {"bottleneck": 3}, "the key is not known"),
}.items():
    cases[name] = (make, {})


for name, (make, _) in cases.items():
    if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
        continue
    folder = root / name
    folder.mkdir(parents=True)
    seed = int.from_bytes(name.encode()[-6:], "little") % (2 ** 31)
    make(folder, torch.Generator().manual_seed(seed))
print(f"{len(cases)} cases are known")
