/** The report of an experiment as one HTML page: equal inputs give equal bytes. */
import { canonicalJson } from "../artifact/canonical-json.ts"
import { absorptionSection } from "./absorption-section.ts"
import { browserData } from "./browser-data.ts"
import { browserScript } from "./browser-script.ts"
import { evaluationSection } from "./evaluation-section.ts"
import { formatInteger } from "./format-number.ts"
import type { Html } from "./html.ts"
import { html, scriptJson } from "./html.ts"
import { latentsSection } from "./latents-section.ts"
import { metaSection } from "./meta-section.ts"
import type { PageSection } from "./page.ts"
import { renderPage } from "./page.ts"
import { sourcesSection } from "./sources-section.ts"
import { stitchingSection } from "./stitching-section.ts"
import type { ReportInput, Subject } from "./subjects.ts"
import { subjectsOf } from "./subjects.ts"
import { summarySection } from "./summary-section.ts"

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

export const scienceReport = (input: ReportInput): string => {
  const subjects = subjectsOf(input)
  const sections: ReadonlyArray<readonly [string, string, Html | undefined]> = [
    ["summary", "Summary", subjects.length === 0 ? undefined : summarySection(subjects)],
    ["evaluation", "Evaluation", evaluationSection(subjects)],
    ["sources", "Sources", sourcesSection(subjects)],
    ["stitching", "Stitching", stitchingSection(input.stitchings)],
    ["absorption", "Absorption", absorptionSection(subjects)],
    ["meta-latents", "Meta-latents", metaSection(input.metaSaes)],
    ["latents", "Latents", latentsSection(subjects)]
  ]
  return renderPage({
    title: input.title,
    lead: lead(subjects),
    sections: sections.flatMap(([id, name, body]): ReadonlyArray<PageSection> =>
      body === undefined ? [] : [{ id, name, body }]
    ),
    data: scriptJson(canonicalJson(browserData(input, subjects))),
    script: browserScript
  })
}
