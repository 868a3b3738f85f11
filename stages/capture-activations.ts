/** The activations of one hook point over a text, split by document into training and held-out rows. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/artifact/activations.ts"
import { LanguageModel } from "../src/artifact/language-model.ts"
import { Tokens } from "../src/artifact/tokens.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

/** Largest index of a token, which the files hold in 32 bits. */
const mostTokens = 2 ** 31 - 1

export default Stage.make("capture-activations", {
  summary: "Runs a language model over a text and stores the activations of one hook point",
  inputs: {
    model: Stage.one(LanguageModel, "the model to run"),
    tokens: Stage.one(Tokens, "the text, in contexts of one length")
  },
  params: {
    hook: Param.string({ description: "hook point, by its TransformerLens name, such as blocks.2.hook_resid_post" }),
    held_out_fraction: Param.number({
      default: 0.1,
      minimum: 0.001,
      maximum: 0.9,
      description: "share of the text's tokens held out, by document and within each kind of text"
    }),
    seed: Param.integer({ default: 0, description: "chooses the documents that are held out" })
  },
  output: Activations,
  metrics: {
    rows: { better: "neither", tolerance: 0, description: "rows stored" },
    held_out_rows: { better: "neither", tolerance: 0, description: "rows held out" },
    d_in: { better: "neither", tolerance: 0, description: "numbers in a row" },
    mean_norm: { better: "neither", tolerance: 1e-3, description: "sqrt(mean |x|^2) over all rows" }
  },
  engine: true,
  isolation: "process",
  run: ({ inputs, params, output, progress, log }) =>
    Effect.gen(function* () {
      const { captureActivations } = yield* Effect.promise(() => import("../src/sae/capture-activations.ts"))
      const { findHook } = yield* Effect.promise(() => import("../src/model/hook-name.ts"))
      const { loadModel, modelInfo } = yield* Effect.promise(() => import("../src/model/load-model.ts"))
      const { requireSpace } = yield* Effect.promise(() => import("../src/sae/require-space.ts"))
      const [model, tokens] = [inputs.model.value, inputs.tokens.value]
      const refused = (error: { readonly message: string }) => stageFailed(error.message)
      const info = yield* modelInfo(model.config).pipe(Effect.mapError(refused))
      const hook = findHook(params.hook, info)
      if (typeof hook === "string") return yield* stageFailed(hook, "Set hook to one of these.")
      if (!hook.perToken) {
        return yield* stageFailed(`${params.hook} holds no vector for each token`, "Set hook to another one.")
      }
      if (tokens.contexts === 0)
        return yield* stageFailed("the text has no contexts", "Give more text, or shorter contexts.")
      if (tokens.tokenizer !== model.tokenizerDigest) {
        return yield* stageFailed(
          "the text was tokenized with another tokenizer than the model's",
          "Load the text with this model."
        )
      }
      if (tokens.context_size > info.context) {
        return yield* stageFailed(
          `contexts of ${tokens.context_size} tokens exceed the model's ${info.context}`,
          "Load the text with shorter contexts."
        )
      }
      const count = tokens.contexts * tokens.context_size
      if (count > mostTokens)
        return yield* stageFailed(`${count} tokens are more than ${mostTokens}`, "Load less text.")
      yield* requireSpace(output.directory, count * (4 * hook.width + 12 + 8), `${count} rows of ${hook.width} numbers`)
      const runnable = yield* loadModel(model).pipe(
        Effect.mapError((error) => (error._tag === "ModelError" ? refused(error) : error))
      )
      const captured = yield* captureActivations(runnable, tokens, output, {
        hook: params.hook,
        d_in: hook.width,
        model: inputs.model.artifact.digest,
        held_out_fraction: params.held_out_fraction,
        seed: params.seed,
        progress
      })
      log(
        `${captured.train} training rows and ${captured.held_out} held-out rows of ${hook.width} numbers; ` +
          `${captured.masked} tokens masked`
      )
      return {
        rows: captured.train + captured.held_out,
        held_out_rows: captured.held_out,
        d_in: hook.width,
        mean_norm: captured.mean_norm
      }
    })
})
