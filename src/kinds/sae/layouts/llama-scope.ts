/**
 * Llama Scope: `hyperparams.json` and `checkpoints/final.safetensors` (`encoder.weight`, `encoder.bias`, `decoder.weight`,
 * `decoder.bias`). JumpReLU with one threshold; b_dec is not subtracted from the input.
 *
 * The SAE takes rows of mean norm sqrt(d_model). As SAELens does with it, s = sqrt(d_model) / dataset_average_activation_norm
 * goes into the weights: W_enc s, W_dec / s, b_dec / s, and the threshold times s. Source: SAELens 6.54.12
 * `llama_scope_sae_huggingface_loader`, `fold_activation_norm_scaling_factor`.
 */
import { showGiven } from "../../../words/show-given.ts"
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { type ConfigKeys, keyProblem, keysBeside } from "../files/config-keys.ts"
import { lmSaesTraining, readLinear, scaledToRows } from "../files/lm-saes.ts"
import { readJsonObject, type SaeFolder } from "../files/sae-folder.ts"
import type { SaeFormat } from "../files/sae-format.ts"
import { onlyTensors, openTensorFile } from "../files/tensor-file.ts"
import { type StoredSae, storedProblem } from "../stored/stored-sae.ts"

const configName = "hyperparams.json"
const weightsName = "checkpoints/final.safetensors"

const keys: ConfigKeys = {
  read: [
    "d_model",
    "d_sae",
    "jump_relu_threshold",
    "dataset_average_activation_norm",
    "hook_point_in",
    "hook_point_out",
    // SAELens's loader leaves it alone.
    "sparsity_include_decoder_norm"
  ],
  harmless: lmSaesTraining,
  only: {
    act_fn: ["jumprelu"],
    norm_activation: ["dataset-wise"],
    apply_decoder_bias_to_pre_encoder: [false],
    use_decoder_bias: [true],
    use_glu_encoder: [false],
    sae_type: ["sae"]
  }
}

type Json = Readonly<Record<string, unknown>>

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

const read = Effect.fnUntraced(function* (folder: SaeFolder) {
  const config = yield* readJsonObject(folder, configName)
  const wrong = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: folder.digest, path: configName, detail })
  const unknown = keyProblem(config, keys)
  if (unknown !== undefined) return yield* wrong(unknown)
  const { d_model, d_sae, jump_relu_threshold: threshold, hook_point_in: from, hook_point_out: to = from } = config
  const norms = config["dataset_average_activation_norm"]
  if (typeof norms !== "object" || norms === null) return yield* wrong("it states no dataset_average_activation_norm")
  const unknownNorm = keyProblem(
    norms as Json,
    { read: ["in", "out"], harmless: [] },
    "dataset_average_activation_norm"
  )
  if (unknownNorm !== undefined) return yield* wrong(unknownNorm)
  const { in: norm, out: normOut = norm } = norms as Json
  if (!isSize(d_model) || !isSize(d_sae)) return yield* wrong("it states no d_model and d_sae")
  if (typeof threshold !== "number") return yield* wrong("it states no jump_relu_threshold")
  if (typeof norm !== "number" || !(norm > 0)) return yield* wrong("it states no dataset_average_activation_norm.in")
  if (normOut !== norm) return yield* wrong(`its norms are ${norm} and ${String(normOut)}; one number can be read`)
  if (to !== from)
    return yield* wrong(`it reads ${showGiven(from)} and writes ${showGiven(to)}; an autoencoder can be read`)
  const file = yield* openTensorFile(folder, weightsName)
  const linear = yield* readLinear(file, d_model, d_sae)
  yield* onlyTensors(file, linear.names)
  const scale = Math.sqrt(d_model) / norm
  const stored: StoredSae = {
    ...scaledToRows(linear, scale),
    latents: {
      type: "jumprelu",
      b_enc: linear.b_enc,
      threshold: new Float32Array(d_sae).fill(threshold * scale)
    },
    metadata: typeof from === "string" ? { hook_name: from } : {},
    origin: { format: "llama_scope", config, beside: keysBeside(config, keys) }
  }
  const problem = storedProblem(stored)
  return problem === undefined ? stored : yield* file.fail(problem)
})

const format: SaeFormat = {
  files: `${configName} and ${weightsName}`,
  detect: (folder) => Effect.succeed(folder.names.includes(configName) && folder.names.includes(weightsName)),
  read,
  keeps: []
}
export default format
