/** The report of an experiment as one HTML page: equal inputs give equal bytes. */
import { anyCovered } from "./browser/any-covered.ts"
import { contextAt } from "../kinds/dashboard/dashboard-text.ts"
import { canonicalJson } from "../json/canonical-json.ts"
import { absorptionSection } from "./sections/absorption-section.ts"
import { attributionSection } from "./sections/attribution-section.ts"
import { browserData, textPartId, textsOf } from "./browser/browser-data.ts"
import { browserParts } from "./browser/browser-parts.ts"
import { packLatents } from "./browser/packed-latents.ts"
import { packText } from "./browser/packed-text.ts"
import { pageScript } from "./browser/page-script.ts"
import { comparisonSection } from "./sections/comparison-section.ts"
import { controlsSection } from "./sections/controls-section.ts"
import { curvesSection } from "./sections/curves-section.ts"
import { evaluationSection } from "./sections/evaluation-section.ts"
import { explanationsSection } from "./sections/explanations-section.ts"
import { explorerSection } from "./sections/explorer-section.ts"
import { figuresSection } from "./sections/figures-section.ts"
import { formatInteger } from "./page/format-number.ts"
import type { Html } from "./page/html.ts"
import { html, scriptJson } from "./page/html.ts"
import { latentsSection } from "./sections/latents-section.ts"
import { metaAnalysisSection } from "./sections/meta-analysis-section.ts"
import { metaEditsSection } from "./sections/meta-edits-section.ts"
import { metaSection } from "./sections/meta-section.ts"
import type { PageSection } from "./page/page.ts"
import { probingSection } from "./sections/probing-section.ts"
import { renderPage } from "./page/page.ts"
import { seedMeans } from "./sections/seed-means.ts"
import { sizeSection } from "./sections/size-section.ts"
import { sourcesSection } from "./sections/sources-section.ts"
import { stitchingSection } from "./sections/stitching-section.ts"
import type { ReportInput, Subject } from "./page/subjects.ts"
import { subjectsOf } from "./page/subjects.ts"
import { summarySection } from "./sections/summary-section.ts"
import { sweepSection } from "./sections/sweep-section.ts"

/** A page that lacks something says so first. */
const missing = (leftOut: ReadonlyArray<string>): Html | undefined =>
  leftOut.length === 0
    ? undefined
    : html`<p class="note">
        <b>Not complete:</b> this report was made without ${leftOut.join(", ")}, since that failed, or what it needs
        did.
      </p>`

const lead = (subjects: ReadonlyArray<Subject>): Html => {
  const hooks = [
    ...new Set(
      subjects.flatMap(({ info, evaluation, interpretations }) => {
        const hook = info?.hook ?? evaluation?.hook ?? interpretations?.hook
        return hook === undefined || hook === null ? [] : [hook]
      })
    )
  ]
  const sizes = subjects.map(({ d_sae }) => formatInteger(d_sae))
  const what = subjects.length === 1 ? "One sparse autoencoder" : `${subjects.length} sparse autoencoders`
  return html`<p>
    ${what}${sizes.length > 0 && sizes.length <= 8 ? ` of ${sizes.join(", ")} latents` : ""}${hooks.map((hook, i) => html`${i === 0 ? " on " : ", "}<code>${hook}</code>`)}.
  </p>`
}

/** Of each text, with the first SAE whose examples are from it. */
const wholeContexts = (subjects: ReadonlyArray<Subject>): ReadonlyArray<readonly [number, Int32Array]> =>
  textsOf(subjects).flatMap((text) => {
    const subject = subjects.findIndex(({ dashboard }) => dashboard?.text === text)
    return Array.from(
      text.contexts,
      (context) => [subject, contextAt(text, context * text.contextSize)] as const
    ).flatMap(([of, ids]) => (ids === undefined ? [] : [[of, ids] as const]))
  })

export const scienceReport = (input: ReportInput): string => {
  const subjects = subjectsOf(input)
  const data = browserData(input, subjects)
  const parts = browserParts(input, subjects)
  const covers = anyCovered(
    data.subjects,
    parts.map(({ subject, latents }) => [subject, latents]),
    wholeContexts(subjects)
  )
  const sections: ReadonlyArray<readonly [string, string, Html | undefined]> = [
    ["summary", "Summary", subjects.length === 0 ? undefined : summarySection(subjects, seedMeans(input, subjects))],
    ["controls", "Controls", controlsSection(input, subjects)],
    ["sizes", "Sizes", sizeSection(input.sizes)],
    ["latents", "Latents", latentsSection(subjects)],
    ["explanations", "Explanations", explanationsSection(input.explanations, subjects)],
    ["sweep", "Sweep", sweepSection(subjects)],
    ["training", "Training", curvesSection(subjects)],
    ["evaluation", "Evaluation", evaluationSection(subjects)],
    ["sources", "Sources", sourcesSection(subjects)],
    ["comparison", "Comparison", comparisonSection(input.comparisons, subjects)],
    ["stitching", "Stitching", stitchingSection(input.stitchings)],
    ["absorption", "Absorption", absorptionSection(subjects)],
    ["probing", "Probing", probingSection(subjects)],
    ["meta-latents", "Meta-latents", metaSection(input.metaSaes)],
    ["analyses", "Analyses", figuresSection(input.figures)],
    ["meta-analysis", "What meta-latents are", metaAnalysisSection(input.metaAnalyses)],
    ["meta-edits", "Edits by meta-latents", metaEditsSection(input.metaEdits)],
    ["attribution", "Attribution graphs", attributionSection(input.attributions ?? [])],
    ["explorer", "Explorer", explorerSection(input.metaSaes)]
  ]
  return renderPage({
    title: input.title,
    lead: html`${missing(input.leftOut ?? [])}${subjects.length === 0 ? undefined : lead(subjects)}`,
    sections: sections.flatMap(([id, name, body]): ReadonlyArray<PageSection> =>
      body === undefined ? [] : [{ id, name, body }]
    ),
    data: scriptJson(canonicalJson({ ...data, covers })),
    parts: [
      ...textsOf(subjects).map((text, i) => [textPartId(i), packText(text)] as const),
      ...parts.map(
        ({ id, subject, latents }) => [id, packLatents(latents, subjects[subject]?.dashboard?.text)] as const
      )
    ],
    script: pageScript()
  })
}
