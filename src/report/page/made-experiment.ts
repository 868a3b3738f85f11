/**
 * What `runReport` needs to know of an experiment: what each of its stages stands for in the store, found by its key. A
 * stage that another run made, of another file even, is the same result; one that only ran with other parameters is not.
 */

import type { Methods } from "./methods-text.ts"
import type { RunComparison } from "./run-comparison.ts"

/** The result behind a stage's key, and what computing it cost, whenever that was. */
export interface StageResult {
  readonly id: string
  readonly seconds: number
  /** Undefined where the record is from before these were kept. */
  readonly cpuSeconds: number | undefined
  /** Bytes. */
  readonly peakMemory: number | undefined
  /** Id of the run that computed it. */
  readonly run: string
}

/** A stage instance of the experiment's graph. */
export interface RunGraphNode {
  readonly id: string
  /** The stage that it is an instance of: `sae` of `sae[width=512]`. */
  readonly stage: string
  readonly kind: string
  /** Ids of the instances that must be done first. */
  readonly needs: ReadonlyArray<string>
}

/** A name with its value, for a list of facts. */
export type Fact = readonly [name: string, value: string]

export interface RunReportInput {
  /** `name:` of the experiment. */
  readonly name: string
  readonly description: string | undefined
  /** Commands that make the results, and this page. */
  readonly commands: ReadonlyArray<string>
  /** What and with which settings: file, sources, engine, code, date. */
  readonly facts: ReadonlyArray<Fact>
  /** The pipeline's parameters. */
  readonly parameters: ReadonlyArray<Fact>
  readonly methods: Methods
  /** Versions of this program that computed: `sae-pipeline 0.1.0, commit 0123456789`. */
  readonly code: ReadonlyArray<string>
  /** In the order of the plan. */
  readonly graph: ReadonlyArray<RunGraphNode>
  /** Of the stages whose key has a result. */
  readonly results: ReadonlyArray<StageResult>
  /** Content of the report stage's `report.html`; undefined where there is none. */
  readonly report: string | undefined
  /** What the results are set beside. */
  readonly against?: RunComparison | undefined
}
