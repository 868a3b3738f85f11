/** The stage tabulate-findings. */
import * as Effect from "effect/Effect"
import { reportFileName } from "../../kinds/report.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import type { Finding } from "./finding.ts"
import { findingsMarkdown, findingsPage, type JudgedFinding } from "./findings-table.ts"
import { judgeFindings, type Results } from "./judge-findings.ts"

export const findingsStage = Effect.fn("findingsStage")(function* ({
  inputs,
  params,
  settings,
  output,
  log,
  leftOut
}: StageContext<{ readonly title: string }, unknown, { readonly results: Results }, ReadonlyArray<Finding>>) {
  const judged = yield* judgeFindings(inputs.results, settings, leftOut.length === 0)
  const page = findingsPage(params.title, judged)
  yield* output.write(reportFileName, page)
  yield* output.write("findings.md", findingsMarkdown(judged))
  yield* output.writeJson("findings.json", judged)
  if (leftOut.length > 0) log(`without ${leftOut.join(", ")}, which failed, or whose inputs did`)
  for (const each of judged) log(`${each.verdict}: ${each.finding}`)
  const count = (of: JudgedFinding["verdict"]) => judged.filter((each) => each.verdict === of).length
  return { findings: judged.length, come_out: count("yes"), contradicted: count("no"), open: count("open") }
})
