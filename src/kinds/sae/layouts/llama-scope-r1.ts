/**
 * Llama Scope R1-Distill and later SAEs of Language-Model-SAEs: `config.json` and `sae_weights.safetensors` with
 * `encoder.weight`, ..., `log_jumprelu_threshold`, and `dataset_average_activation_norm.HOOK` of those that take rows of mean
 * norm sqrt(d_model): then s = sqrt(d_model) / norm goes into W_enc, W_dec and b_dec, and the threshold stays.
 *
 * Source: SAELens 6.54.12 `llama_scope_r1_distill_sae_huggingface_loader`, `fold_activation_norm_scaling_factor`; the
 * factors that its list of SAEs has are sqrt(d_model) over the norms that the files hold (Language-Model-SAEs
 * `full_state_dict`).
 */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { type ConfigKeys, keyProblem, keysBeside } from "../files/config-keys.ts"
import { lmSaesTraining, readLinear, scaledToRows } from "../files/lm-saes.ts"
import { readJsonObject, type SaeFolder } from "../files/sae-folder.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { onlyTensors, openTensorFile } from "../files/tensor-file.ts"
import { type StoredSae, storedProblem } from "../stored/stored-sae.ts"
import { showGiven } from "../../../words/show-given.ts"

const configName = "config.json"
const weightsName = "sae_weights.safetensors"
const thresholdName = "log_jumprelu_threshold"
const normName = "dataset_average_activation_norm."

const keys: ConfigKeys = {
  read: [
    "d_model",
    "expansion_factor",
    "hook_point_in",
    "hook_point_out",
    "norm_activation",
    "sparsity_include_decoder_norm"
  ],
  harmless: lmSaesTraining.filter((key) => key !== "expansion_factor"),
  only: {
    act_fn: ["jumprelu"],
    apply_decoder_bias_to_pre_encoder: [false],
    use_decoder_bias: [true],
    use_glu_encoder: [false],
    sae_type: ["sae"]
  }
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const config = yield* readJsonObject(folder, configName)
  const wrong = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: folder.digest, path: configName, detail })
  const unknown = keyProblem(config, keys)
  if (unknown !== undefined) return yield* wrong(unknown)
  const { d_model, expansion_factor, norm_activation: normalizes } = config
  const { hook_point_in: from, hook_point_out: to = from } = config
  if (!isSize(d_model) || typeof expansion_factor !== "number") {
    return yield* wrong("it states no d_model and expansion_factor")
  }
  const d_sae = d_model * expansion_factor
  if (!isSize(d_sae)) return yield* wrong(`${d_model} times ${expansion_factor} is no number of latents`)
  if (to !== from)
    return yield* wrong(`it reads ${showGiven(from)} and writes ${showGiven(to)}; an autoencoder can be read`)
  if (normalizes !== undefined && normalizes !== "dataset-wise" && normalizes !== "inference") {
    return yield* wrong(`norm_activation is ${showGiven(normalizes)}; dataset-wise and inference can be read`)
  }
  const file = yield* openTensorFile(folder, weightsName)
  const linear = yield* readLinear(file, d_model, d_sae)
  const norms = file.names.filter((name) => name.startsWith(normName))
  yield* onlyTensors(file, [...linear.names, thresholdName, ...norms])
  const stated: Array<number> = []
  for (const name of normalizes === "inference" ? [] : norms) {
    stated.push((yield* file.floats(name, file.shape(name)?.length === 0 ? [] : [1]))[0] as number)
  }
  if (stated.length === 0 && normalizes === "dataset-wise") {
    return yield* file.fail(
      `its rows are to be scaled to their mean norm (norm_activation: dataset-wise), and there is no ${normName}${String(from)} that says it`
    )
  }
  if (!stated.every((norm) => norm === stated[0] && norm > 0)) {
    return yield* file.fail(`its norms ${stated.join(", ")} are not one number above 0`)
  }
  const logs = yield* file.floats(thresholdName, [d_sae])
  const stored: StoredSae = {
    ...scaledToRows(linear, stated[0] === undefined ? 1 : Math.sqrt(d_model) / stated[0]),
    latents: { type: "jumprelu", b_enc: linear.b_enc, threshold: Float32Array.from(logs, Math.exp) },
    metadata: typeof from === "string" ? { hook_name: from } : {},
    origin: { format: "llama_scope_r1", config, beside: keysBeside(config, keys) }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* file.fail(problem)
})

const format: SaeFormat = {
  files: `${configName} and ${weightsName} with ${thresholdName}`,
  detect: ({ names }) =>
    Effect.succeed(names.includes(configName) && names.includes(weightsName) && !names.includes("cfg.json")),
  read,
  keeps: []
}
export default format
