/** The latent that is most like a rule on tokens or documents (a script, digits, a language): its specificity and sensitivity. */
import * as Result from "effect/Result"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Files } from "../src/kinds/files.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overDocuments = "held-out documents"

export default Stage.make("evaluate-rule", {
  summary:
    "Finds the latent that best tells whether tokens, or their documents, keep a rule, and measures it on held-out rows",
  inputs: {
    sae: Stage.one(Sae, "whose latents are tried"),
    activations: Stage.one(Activations, "of the SAE's hook: training rows choose the latent, held-out rows measure it"),
    model: Stage.one(LanguageModel, "the model that they are of, whose tokenizer says how tokens read")
  },
  params: {
    rule: Param.string({
      description:
        "a regular expression (JavaScript, Unicode) that a token's text, or its document's name, has to match: ^ ?[0-9]+$, or \\p{Script=Arabic}"
    }),
    of: Param.choice(["token", "document"], {
      default: "token",
      description:
        "what the rule is on: the text of a token, or the name of its document, such as a file of one language"
    }),
    rows: Param.integer({
      default: 50_000,
      minimum: 100,
      unit: "rows",
      description: "rows of each set, at most: the first"
    }),
    seed: Param.integer({ default: 0, description: "of the shuffled rule and the intervals" })
  },
  decode: ({ rule }) =>
    Result.mapError(
      Result.try(() => new RegExp(rule, "u")),
      (error) => [
        {
          param: "rule",
          problem: error instanceof Error ? error.message : String(error),
          remedy: "mend the expression"
        }
      ]
    ),
  output: Files,
  metrics: {
    youden: {
      interval: overDocuments,
      better: "higher",
      tolerance: 0.05,
      description: "sensitivity + specificity - 1 of the latent that has the largest on training rows"
    },
    sensitivity: {
      interval: overDocuments,
      better: "higher",
      tolerance: 0.05,
      description: "share of the tokens that keep the rule on which it fires"
    },
    specificity: {
      interval: overDocuments,
      better: "higher",
      tolerance: 0.05,
      description: "share of the tokens that break the rule on which it is silent"
    },
    precision: {
      interval: overDocuments,
      optional: true,
      better: "higher",
      tolerance: 0.05,
      description: "share of the tokens on which it fires that keep the rule"
    },
    shuffled_youden: {
      interval: "shuffles",
      better: "neither",
      tolerance: 0.02,
      description:
        "youden with the rule's answers shuffled among held-out rows, or among documents where it is on these, the mean of 40: the control, 0 within its noise"
    },
    density: {
      interval: overDocuments,
      better: "neither",
      tolerance: 0.05,
      description: "share of the held-out rows on which it fires"
    },
    logit_auc: {
      interval: "tokens of the vocabulary",
      optional: true,
      better: "higher",
      tolerance: 0.05,
      description:
        "area under the ROC curve of its logit weights (what it adds to each token's logit, past all later blocks) for tokens that keep the rule; a half is chance"
    },
    shuffled_logit_auc: {
      interval: "tokens of the vocabulary",
      optional: true,
      better: "neither",
      tolerance: 0.05,
      description: "the same with the rule's answers shuffled among the vocabulary: the control, near a half"
    },
    keeping: { better: "neither", tolerance: 0.01, description: "share of the held-out tokens that keep the rule" },
    latent: { better: "neither", tolerance: 1e9, description: "which latent it is" }
  },
  headline: ["youden", "sensitivity", "specificity", "logit_auc"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/rule/rule-stage.ts"),
    (module) => module.ruleStage
  )
})
