/** Parameters of the stage kind sparse-probe, and what they and its inputs say together. */
import * as Result from "effect/Result"
import type { RowQuestion } from "../../kinds/probing/row-question.ts"
import * as Param from "../../stage/param.ts"
import { type Decoded, decoded, type ParamProblem } from "../../stage/param-problem.ts"
import { rankings } from "./rank-features.ts"
import { decodeRowQuestions } from "./row-questions.ts"

export const probeParams = {
  hook: Param.string({ default: null, description: "where to read the activation; null: the SAE's own hook" }),
  words_per_document: Param.integer({
    default: 8,
    minimum: 1,
    description: "words of each of the 500 documents of the Brown corpus, where no activations are given",
    unit: "words"
  }),
  tasks: Param.list(
    Param.record({
      description:
        "name, and one of text (a regular expression on the text up to a token's end), document (one on its document's name) and before (index in the context); among: of which tokens, by another expression"
    }),
    { default: null, description: "what is asked of the activations' tokens; null: of words of the Brown corpus" }
  ),
  rows: Param.integer({
    default: 50_000,
    minimum: 100,
    unit: "rows",
    description: "training rows, and held-out rows, of the activations that tasks are asked of, at most: the first"
  }),
  ks: Param.list(Param.integer({ minimum: 1, description: "features" }), {
    default: [1, 16],
    description: "features that a probe reads, ascending"
  }),
  ranking: Param.choice(rankings, {
    default: "mean_difference",
    description:
      "which features a probe reads: by the difference of class means, by mutual information, in the order of the L1 path, those left when a dense probe is halved again and again, or the best of all subsets"
  }),
  among: Param.integer({
    default: 16,
    minimum: 2,
    maximum: 50,
    unit: "features",
    description: "features, by mean difference, of which the exact ranking finds the best subset"
  }),
  seed: Param.integer({
    default: 0,
    minimum: 0,
    description: "of the words or rows, and of which documents are tested on"
  })
}

export interface ProbeSettings {
  readonly questions: ReadonlyArray<RowQuestion>
}

/** Regressions that branch and bound may come to, for one task and k. */
const mostSubsets = 20_000

const subsets = (of: number, k: number): number =>
  Array.from({ length: k }, (_, i) => (of - i) / (i + 1)).reduce((product, each) => product * each, 1)

export const decodeProbe = (
  { tasks, ks, ranking, among }: Param.ParamValues<typeof probeParams>,
  wired: { readonly activations: number }
): Decoded<ProbeSettings> => {
  const problems: Array<ParamProblem> = []
  if ((tasks === null) !== (wired.activations === 0)) {
    problems.push(
      tasks === null
        ? {
            param: "activations",
            problem: "nothing is asked of the activations",
            remedy: "give tasks, or leave activations out"
          }
        : { param: "tasks", problem: "tasks are about tokens of activations", remedy: "give activations too" }
    )
  }
  if (ks.length === 0 || ks.some((k, i) => i > 0 && k <= ks[i - 1]!)) {
    problems.push({ param: "ks", problem: `ks is [${ks.join(", ")}]`, remedy: "give one number or more, ascending" })
  } else if (ranking === "exact") {
    const most = ks.at(-1)!
    if (most > among || subsets(among, most) > mostSubsets) {
      problems.push({
        param: "ks",
        problem: `of ${among} features there are ${most > among ? "no" : Math.round(subsets(among, most)).toLocaleString("en")} subsets of ${most}`,
        remedy: `change ks or among: exact search takes up to ${mostSubsets.toLocaleString("en")}`
      })
    }
  }
  const questions = decodeRowQuestions(tasks ?? [])
  if (Result.isFailure(questions)) return Result.fail([...problems, ...questions.failure])
  return decoded({ questions: questions.success }, problems)
}
