/** The activations of one hook point over a text, split by document into training and held-out rows. */
import { activationDtypes } from "../src/kinds/activations/activations-columns.ts"
import { Activations } from "../src/kinds/activations/activations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import { precisions } from "../src/model/precision.ts"
import * as Param from "../src/stage/param.ts"
import * as Wiring from "../src/stage/wiring.ts"
import * as Stage from "../src/stage/stage.ts"

const params = {
  hook: Param.string({ description: "hook point, by its TransformerLens name, such as blocks.2.hook_resid_post" }),
  held_out_fraction: Param.number({
    default: 0.1,
    minimum: 0.001,
    maximum: 0.9,
    description: "share of the text's tokens held out, by document and within each kind of text"
  }),
  seed: Param.integer({ default: 0, description: "chooses the documents that are held out" }),
  dtype: Param.choice(activationDtypes, {
    default: "f32",
    description: "how numbers are stored; whoever reads them gets f32. f16 ends at 65504, which some models exceed"
  }),
  precision: Param.choice(precisions, {
    default: "f32",
    description:
      "what the model's matrix products are computed in: bf16 takes half the memory, and about half the time where the CPU multiplies it (AVX-512 BF16, AMX); how far its rows are from f32's is measured"
  }),
  outlier_factor: Param.number({
    default: 10,
    minimum: 0,
    description:
      "tokens where a norm is more than N times the hook's median over the first 64 contexts (attention sinks) have no row; 0: they have"
  }),
  mask_hooks: Param.list(Param.string({ description: "a hook" }), {
    default: [],
    description:
      "hooks whose norms decide that: the same list for all captures whose rows have to align (transcoder, crosscoder); empty: the own hook"
  }),
  materialize: Param.boolean({
    default: true,
    description:
      "false: rows are not stored; whoever reads them runs the model, and training takes contexts in a random order of its own"
  })
}

const inputs = {
  model: Stage.one(LanguageModel, "the model to run"),
  tokens: Stage.one(Tokens, "the text, in contexts of one length"),
  mask_models: Stage.optionalList(
    LanguageModel,
    "other models of the same tokens (crosscoder), whose norms at mask_hooks also leave tokens out"
  )
}

export default Stage.make("capture-activations", {
  summary: "Runs a language model over a text and stores the activations of one hook point",
  inputs,
  params,
  output: Activations,
  metrics: {
    rows: { better: "neither", tolerance: 0, description: "rows" },
    held_out_rows: { better: "neither", tolerance: 0, description: "rows held out" },
    d_in: { better: "neither", tolerance: 0, description: "numbers in a row" },
    mean_norm: { better: "neither", tolerance: 1e-3, description: "sqrt(mean |x|^2) over all rows that were computed" },
    outliers: { better: "neither", tolerance: 0, description: "tokens left out for their norm" },
    precision_difference: {
      optional: true,
      better: "lower",
      tolerance: 1e-3,
      description: "sqrt(mean |x' - x|^2 / |x|^2) of rows in bf16 and in f32 of the first contexts"
    }
  },
  engine: true,
  isolation: "process",
  decode: (asked) => {
    const { outlier_factor: factor, dtype, materialize, precision } = asked
    return Stage.decoded(asked, [
      ...(factor === 0 || factor > 1
        ? []
        : [{ param: "outlier_factor", problem: `outlier_factor is ${factor}: give 0 or more than 1` }]),
      ...(materialize || dtype === "f32"
        ? []
        : [{ param: "dtype", problem: `dtype is ${dtype}: rows that are not stored are f32` }]),
      ...(materialize || precision === "f32"
        ? []
        : [{ param: "precision", problem: `precision is ${precision}: rows that are not stored are computed in f32` }])
    ])
  },
  check: Stage.late(
    () => import("../src/activations/check-hooks.ts"),
    (module) => module.checkHooks
  ),
  foresee: Stage.late(
    () => import("../src/activations/check-hooks.ts"),
    (module) => module.foreseeRows
  ),
  runTogether: {
    // Hooks of one set of models on one text: one forward pass of each model serves all of them.
    group: ({ inputs: { model, mask_models: others, tokens }, params: { precision } }) => {
      const digests = (wiring: typeof model) =>
        (wiring === undefined ? [] : Wiring.items(wiring)).map(({ digest }) => digest)
      return [...digests(tokens), precision, ...new Set([...digests(model), ...digests(others)].toSorted())].join(" ")
    },
    run: Stage.late(
      () => import("../src/activations/capture-stage.ts"),
      (module) => module.captureStage
    )
  }
})
