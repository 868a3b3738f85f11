/** What a report is about: the SAEs of an experiment, each with whatever was found out about it. */
import type { AbsorptionFile } from "../../kinds/absorption.ts"
import type { AttributionGraphsHandle } from "../../kinds/attribution-graphs.ts"
import type { ComparisonFile } from "../../kinds/comparison.ts"
import type { CrosscoderFile } from "../../kinds/sae/crosscoder-file.ts"
import type { EvaluationHandle } from "../../kinds/evaluation/evaluation-handle.ts"
import type { FiguresFile } from "../../kinds/figures.ts"
import type { ExplanationsFile } from "../../kinds/explanations.ts"
import type { InterpretationsFile } from "../../kinds/interpretations.ts"
import type { SaeMap } from "../../kinds/latent-map.ts"
import type { MetaAnalysisFile } from "../../kinds/meta-analysis.ts"
import type { MetaEditsFile } from "../../kinds/meta-edits.ts"
import type { MetaLatentsFile } from "../../kinds/sae/meta-latents.ts"
import type { SaeCurve } from "../../kinds/sae/sae-handle.ts"
import type { SaeInfo } from "../../kinds/sae/stored/sae-weights.ts"
import type { DashboardText } from "../../kinds/dashboard/dashboard-text.ts"
import type { DashboardLatent } from "../../kinds/dashboard/read-dashboard.ts"
import type { ProbingFile } from "../../kinds/probing.ts"
import type { SizeSelectionFile } from "../../kinds/size-selection.ts"
import type { StitchingFile } from "../../kinds/stitching.ts"
import type { Json } from "../../json/canonical-json.ts"
import { distinctLabels, trainingFacts } from "./distinct-labels.ts"

/** All but what its own files hold beside. */
export type ReportedEvaluation = Omit<EvaluationHandle, "digest" | "latents">

type Coordinates = Readonly<Record<string, Json>>

/** Something with its place in the matrix. */
export interface Placed<out A> {
  readonly at: Coordinates
  readonly value: A
}

export interface PlacedMeta extends Placed<MetaLatentsFile> {
  /** Digest of the SAE whose decoder it decomposes, where that is known. */
  readonly base: string | undefined
}

export interface PlacedSae extends Placed<SaeInfo & { readonly digest: string }> {
  /** Only of a crosscoder. */
  readonly crosscoder?: CrosscoderFile | undefined
  /** Only of an SAE that was trained here. */
  readonly curve?: SaeCurve | undefined
}

/** All latents of one SAE that fire. */
export interface SaeDashboard {
  readonly digest: string
  readonly d_sae: number
  readonly live: number
  /** Bands of activation that examples are from. */
  readonly bands: number
  /** Rows that densities are over. */
  readonly rows: number
  readonly texts: Readonly<Record<string, string>>
  /** That examples are from; one for all SAEs of a stage. */
  readonly text?: DashboardText
  /** Ranges of latents, ascending: what a page loads together. */
  readonly parts: ReadonlyArray<ReadonlyArray<DashboardLatent>>
}

/** Everything may be empty: the report shows what there is. */
export interface ReportInput {
  readonly title: string
  /** Ids of stages that failed, or were skipped for one that did: the page says that it lacks them. */
  readonly leftOut?: ReadonlyArray<string>
  readonly saes: ReadonlyArray<PlacedSae>
  readonly evaluations: ReadonlyArray<Placed<ReportedEvaluation>>
  readonly interpretations: ReadonlyArray<Placed<InterpretationsFile>>
  readonly explanations: ReadonlyArray<Placed<ExplanationsFile>>
  readonly dashboards: ReadonlyArray<SaeDashboard>
  readonly maps?: ReadonlyArray<SaeMap>
  readonly absorptions: ReadonlyArray<Placed<AbsorptionFile>>
  readonly stitchings: ReadonlyArray<Placed<StitchingFile>>
  readonly metaSaes: ReadonlyArray<PlacedMeta>
  readonly metaAnalyses: ReadonlyArray<Placed<MetaAnalysisFile>>
  readonly sizes: ReadonlyArray<Placed<SizeSelectionFile>>
  readonly metaEdits: ReadonlyArray<Placed<MetaEditsFile>>
  readonly comparisons: ReadonlyArray<Placed<ComparisonFile>>
  readonly figures: ReadonlyArray<Placed<FiguresFile>>
  readonly probings: ReadonlyArray<Placed<ProbingFile>>
  readonly attributions?: ReadonlyArray<Placed<AttributionGraphsHandle>>
}

export interface Subject {
  /** `width 512, seed 0`; the dictionary size where there are no coordinates; with what tells it from others that have the same. */
  readonly label: string
  readonly at: Coordinates
  /** What its training was asked for: seeds of one SAE have the same. */
  readonly apart: ReadonlyArray<string>
  readonly d_sae: number
  readonly digest: string | undefined
  readonly info: SaeInfo | undefined
  readonly crosscoder: CrosscoderFile | undefined
  readonly curve: SaeCurve | undefined
  readonly evaluation: ReportedEvaluation | undefined
  readonly interpretations: InterpretationsFile | undefined
  readonly dashboard: SaeDashboard | undefined
  readonly map: SaeMap | undefined
  readonly probing: ProbingFile | undefined
  /** Of first letters. */
  readonly absorption: AbsorptionFile | undefined
  /** Of other classes of words. */
  readonly classAbsorptions: ReadonlyArray<AbsorptionFile>
}

/** Its name where nothing but a seed tells it from others. */
export const sizeLabel = ({ d_sae }: Pick<Subject, "d_sae">): string => `${d_sae} latents`

/** Of an axis `control` that names what was taken away; null beside such names is what is controlled. */
export const isControl = (at: Coordinates): boolean => (at["control"] ?? null) !== null

export const labelOf = (at: Coordinates, otherwise: string): string => {
  const parts = Object.keys(at)
    .toSorted()
    .toReversed()
    .map((name) => `${name} ${typeof at[name] === "string" ? at[name] : JSON.stringify(at[name])}`)
  return parts.length === 0 ? otherwise : parts.join(", ")
}

/** Latents that can be looked at in the page. */
export const listedLatents = ({ dashboard, interpretations }: Subject): ReadonlySet<number> =>
  new Set([
    ...(interpretations?.latents.map(({ latent }) => latent) ?? []),
    ...(dashboard?.parts.flatMap((part) => part.map(({ latent }) => latent)) ?? [])
  ])

type Draft = { -readonly [K in keyof Subject]: Subject[K] }

const sameCoordinates = (a: Coordinates, b: Coordinates): boolean => labelOf(a, "") === labelOf(b, "")

/**
 * Puts each finding with its SAE: by digest where it names one, else by coordinates, else by size where only one SAE
 * has that size. A finding about an SAE that is not in the list makes a subject of its own.
 */
export const subjectsOf = (input: ReportInput): ReadonlyArray<Subject> => {
  const subjects: Array<Draft> = []
  const add = (at: Coordinates, d_sae: number, digest: string | undefined): Draft => {
    const draft: Draft = {
      label: labelOf(at, `${d_sae} latents`),
      at,
      apart: [],
      d_sae,
      digest,
      info: undefined,
      crosscoder: undefined,
      curve: undefined,
      evaluation: undefined,
      interpretations: undefined,
      dashboard: undefined,
      map: undefined,
      probing: undefined,
      absorption: undefined,
      classAbsorptions: []
    }
    subjects.push(draft)
    return draft
  }
  const find = (at: Coordinates, d_sae: number, digest: string | undefined): Draft => {
    const known = digest === undefined ? undefined : subjects.find((subject) => subject.digest === digest)
    if (known !== undefined) return known
    const open = subjects.filter(
      (subject) => subject.d_sae === d_sae && (digest === undefined || subject.digest === undefined)
    )
    const placed = open.find((subject) => sameCoordinates(subject.at, at))
    return placed ?? (open.length === 1 ? (open[0] as Draft) : add(at, d_sae, digest))
  }
  for (const { at, value, crosscoder, curve } of input.saes) {
    Object.assign(add(at, value.d_sae, value.digest), {
      info: value,
      apart: trainingFacts(value),
      crosscoder,
      curve
    })
  }
  for (const { at, value } of input.evaluations) find(at, value.d_sae, value.sae).evaluation = value
  for (const { at, value } of input.interpretations) find(at, value.sae.d_sae, value.sae.digest).interpretations = value
  for (const { at, value } of input.probings) find(at, value.d_sae, value.sae).probing = value
  for (const dashboard of input.dashboards) find({}, dashboard.d_sae, dashboard.digest).dashboard = dashboard
  for (const map of input.maps ?? []) find({}, map.d_sae, map.digest).map = map
  for (const { at, value } of input.absorptions) {
    const subject = find(at, value.sae.d_sae, value.sae.digest)
    if (value.task === "first_letter") subject.absorption = value
    else subject.classAbsorptions = [...subject.classAbsorptions, value]
  }
  const labels = distinctLabels(subjects)
  return subjects.map((subject, i) => ({ ...subject, label: labels[i] ?? subject.label }))
}
