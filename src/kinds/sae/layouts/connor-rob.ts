/**
 * SAEs of Kissane and Krzyzanowski (ckkissane/attn-saes-gpt2-small-all-layers), as Nanda's 1L-Sparse-Autoencoder saves them:
 * `NAME.pt` with `W_enc` [d_in, d_sae], `W_dec` [d_sae, d_in], `b_enc`, `b_dec`, and `NAME_cfg.json`. ReLU; b_dec is subtracted
 * from the input.
 *
 * Source: SAELens 6.54.12 `connor_rob_hook_z_huggingface_loader`.
 */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { type ConfigKeys, keyNames, keyProblem, keysBeside } from "../files/config-keys.ts"
import { readJsonObject, type SaeFolder } from "../files/sae-folder.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { openStateDict, torchFiles } from "../files/state-dict.ts"
import { onlyTensors } from "../files/tensor-file.ts"
import { type StoredSae, storedProblem } from "../stored/stored-sae.ts"

const keys: ConfigKeys = {
  read: ["act_size", "dict_size", "act_name", "model_name"],
  harmless: keyNames(`
    seed batch_size buffer_mult buffer_size buffer_batches model_batch_size lr num_tokens l1_coeff beta1 beta2 dict_mult
    seq_len device site layer head concat_heads name remove_rare_dir reinit re_init_every resample_scheme resample_factor
    num_resamples anthropic_neuron_resample_scale anthropic_resample_last anthropic_resample_batches dead_direction_cutoff
    b_dec_init sched_type sched_epochs sched_lr_factor sched_warmup_epochs sched_finish eval_every save_state_dict_every
    wandb_project_name wandb_entity
  `),
  only: { enc_dtype: ["fp32"] }
}

/** The file of weights and its configuration; none where there are several such pairs. */
const pairOf = ({ names, ...folder }: SaeFolder) => {
  const pairs = torchFiles({ names, ...folder })
    .map((path) => [path, path.replace(/\.[^.]*$/, "_cfg.json")] as const)
    .filter(([, config]) => names.includes(config))
  return pairs.length === 1 ? pairs[0] : undefined
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const [path, configName] = pairOf(folder) ?? ["sae.pt", "sae_cfg.json"]
  const config = yield* readJsonObject(folder, configName)
  const wrong = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: folder.digest, path: configName, detail })
  const unknown = keyProblem(config, keys)
  if (unknown !== undefined) return yield* wrong(unknown)
  const { act_size: d_in, dict_size: d_sae, act_name: hook, model_name: model } = config
  if (!isSize(d_in) || !isSize(d_sae)) return yield* wrong("it states no act_size and dict_size")
  const dict = yield* openStateDict(folder, path)
  yield* onlyTensors(dict, ["W_enc", "W_dec", "b_enc", "b_dec"])
  const stored: StoredSae = {
    d_in,
    d_out: d_in,
    d_sae,
    transcoder: false,
    W_enc: yield* dict.floats("W_enc", [d_in, d_sae]),
    W_dec: yield* dict.floats("W_dec", [d_sae, d_in]),
    b_dec: yield* dict.floats("b_dec", [d_in]),
    latents: { type: "relu", b_enc: yield* dict.floats("b_enc", [d_sae]) },
    apply_b_dec_to_input: true,
    normalize: "none",
    W_skip: undefined,
    dtype: dict.dtype("W_enc"),
    metadata: {
      ...(typeof model === "string" ? { model_name: model } : {}),
      ...(typeof hook === "string" ? { hook_name: hook } : {}),
      ...(typeof hook === "string" && hook.endsWith("hook_z") ? { reshape_activations: "hook_z" } : {})
    },
    origin: { format: "connor_rob", config, beside: keysBeside(config, keys) }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* dict.fail(problem)
})

const format: SaeFormat = {
  files: "NAME.pt and NAME_cfg.json",
  detect: (folder) => Effect.succeed(pairOf(folder) !== undefined),
  read,
  keeps: []
}
export default format
