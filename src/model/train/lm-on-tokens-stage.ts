/** The stage train-lm-on-tokens: a small GPT-2 of contexts that are there, in the Hugging Face layout. */
import * as Effect from "effect/Effect"
import { bytesFile } from "../../artifact/bytes-file.ts"
import { openSafetensors } from "../../format/safetensors.ts"
import type { TokenizerHandle } from "../../kinds/tokenizer.ts"
import type { TokensHandle } from "../../kinds/tokens/tokens-handle.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { parameterCount } from "../decoder/gpt2-config.ts"
import { openModel } from "../open-model.ts"
import { type Dtype, gpt2ConfigJson, gpt2Safetensors } from "./gpt2-files.ts"
import { tokenLoss } from "./token-loss.ts"
import { tokenRows } from "./token-rows.ts"
import { trainRows } from "./train-lm.ts"

export interface LmOnTokensParams {
  readonly n_layer: number
  readonly n_embd: number
  readonly n_head: number
  readonly steps: number
  readonly batch: number
  readonly lr: number
  readonly warmup: number
  readonly lr_floor: number
  readonly weight_decay: number
  readonly clip: number
  readonly held_out_fraction: number
  readonly dtype: Dtype
  readonly seed: number
}

interface LmOnTokensInputs {
  readonly tokens: Opened<TokensHandle>
  readonly tokenizer: Opened<TokenizerHandle> | undefined
}

/** The tokenizer.json that the ids are of: their own, where they are symbols, or the one given. */
const tokenizerOf = Effect.fnUntraced(function* ({ tokens, tokenizer }: LmOnTokensInputs) {
  if (tokenizer === undefined) {
    if (tokens.artifact.has("tokenizer.json")) return yield* tokens.artifact.readText("tokenizer.json")
    return yield* stageFailed("whose ids these tokens are is not known", "Give the tokenizer that made them.")
  }
  if (tokenizer.value.digest !== tokens.value.tokenizer) {
    return yield* stageFailed("the tokens were not made by the tokenizer given", "Give the one that made them.")
  }
  return yield* tokenizer.value.json
})

export const lmOnTokensStage = Effect.fn("lmOnTokensStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log,
  checkpoint
}: StageContext<LmOnTokensParams, unknown, LmOnTokensInputs>) {
  const tokens = inputs.tokens.value
  const json = yield* tokenizerOf(inputs)
  const { contexts, context_size: context, bos_id: bos, vocab_size } = tokens
  if (bos === null) {
    return yield* stageFailed("the tokens have no BOS, which a model of them begins with", "Load them with bos_token.")
  }
  const held = Math.max(1, Math.floor(contexts * params.held_out_fraction))
  if (contexts - held < 1) return yield* stageFailed(`${contexts} contexts are too few`, "Give more text.")
  const all = yield* tokens.read(0, contexts)
  const part = (from: number, to: number) => ({
    ids: all.ids.subarray(from * context, to * context),
    documents: all.documents.subarray(from * context, to * context),
    context
  })
  const train = part(0, contexts - held)
  const config = {
    vocab_size,
    n_positions: context,
    n_embd: params.n_embd,
    n_layer: params.n_layer,
    n_head: params.n_head,
    n_inner: 4 * params.n_embd,
    layer_norm_epsilon: 1e-5
  }
  const { seed, steps, lr, warmup, lr_floor: floor, weight_decay: weightDecay, clip, batch } = params
  const trained = yield* trainRows(
    {
      config,
      rows: tokenRows(train, { batch, seed }),
      trainer: { seed, steps, lr, warmup, floor, weightDecay, clip },
      tokensPerStep: batch * (context - 1),
      reportEvery: 100
    },
    { checkpoint, progress, log }
  )
  const configJson = gpt2ConfigJson(config, bos, params.dtype)
  const bytes = gpt2Safetensors(config, trained.weights, params.dtype)
  yield* output.writeJson("config.json", configJson)
  yield* output.write("tokenizer.json", json)
  yield* output.write("model.safetensors", bytes)
  const weights = openSafetensors(bytesFile(bytes), "model.safetensors")
  const model = yield* openModel({ config: configJson, weights })
  const { loss, bigramLoss, tokens: predicted } = tokenLoss(model, part(contexts - held, contexts), train.ids)
  return {
    parameters: parameterCount(config),
    train_loss: trained.textLoss,
    held_out_loss: loss,
    bigram_loss: bigramLoss,
    held_out_tokens: predicted
  }
}, Effect.scoped)
