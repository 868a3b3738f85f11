/** Published findings beside what experiments measured, and whether each comes out: a table. */
import { Report } from "../src/kinds/report.ts"
import { decodeFindings } from "../src/report/findings/finding.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("tabulate-findings", {
  summary: "Puts published findings beside measured metrics with their intervals, and says which come out",
  inputs: { results: Stage.namedParts("results by a name of your choice; of several in one list the mean is taken") },
  params: {
    title: Param.string({ default: "Findings", description: "heading of the page" }),
    findings: Param.list(
      Param.record({
        description:
          "finding, source, published, measured (result.metric), and above or below: a number or result.metric"
      }),
      { description: "what is published, what was measured, and when it comes out: the intervals must not meet" }
    )
  },
  decode: (params) => decodeFindings(params.findings),
  output: Report,
  metrics: {
    findings: { better: "neither", tolerance: 0, description: "findings" },
    come_out: { better: "higher", tolerance: 1, description: "those that come out" },
    contradicted: { better: "lower", tolerance: 1, description: "those where the opposite comes out" },
    open: { better: "neither", tolerance: 1, description: "those that the intervals leave open" }
  },
  headline: ["come_out", "open", "contradicted"],
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/report/findings/findings-stage.ts"),
    (module) => module.findingsStage
  )
})
