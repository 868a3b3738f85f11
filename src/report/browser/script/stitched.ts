/** A latent's place in stitchings: the step that adds it or takes it out, and the latents of both SAEs that go with it. */
import type { StitchedData } from "../stitched-data.ts"
import { element } from "./element.ts"
import { hrefOf } from "./links.ts"
import { numberText } from "./number-text.ts"

/** Latents that are named; all of a step are a search away. */
const most = 12

export interface StitchedStep {
  /** Index of the stitching. */
  readonly stitching: number
  readonly step: number
  readonly adds: boolean
}

export const stepsOf = (
  stitched: ReadonlyArray<StitchedData>,
  subject: number,
  latent: number
): ReadonlyArray<StitchedStep> =>
  stitched.flatMap((each, stitching) => {
    const [added, removed] = [each.in[latent] ?? -1, each.out[latent] ?? -1]
    return [
      ...(each.large === subject && added >= 0 ? [{ stitching, step: added, adds: true }] : []),
      ...(each.small === subject && removed >= 0 ? [{ stitching, step: removed, adds: false }] : [])
    ]
  })

/** What a search finds all latents of a step by. */
export const stepName = ({ stitching, step }: Omit<StitchedStep, "adds">): string => `step${stitching}.${step}.`

const names: Readonly<Record<string, string>> = {
  insert: "an insertion",
  swap: "a swap",
  rest: "of the rest"
}

/** @param labels of the SAEs */
export const stitchedSteps = (
  stitched: ReadonlyArray<StitchedData>,
  labels: ReadonlyArray<string>,
  subject: number,
  latent: number
): ReadonlyArray<HTMLElement> =>
  stepsOf(stitched, subject, latent).flatMap(({ stitching, step, adds }) => {
    const { small, large, phases, in: added, out: removed } = stitched[stitching] as StitchedData
    const side = (title: string, group: number, of: ReadonlyArray<number>): HTMLElement | undefined => {
      const members = of.flatMap((each, id) => (each === step ? [id] : []))
      if (members.length === 0) return undefined
      const view = { search: stepName({ stitching, step }), order: 0 }
      return element(
        "p",
        { class: "listed" },
        element("span", {}, `${title} ${labels[group] ?? ""}:`),
        members.slice(0, most).map((id) => element("a", { href: hrefOf({ what: "latent", group, id }) }, String(id))),
        members.length > most
          ? element("a", { href: hrefOf({ what: "latent", group, view }) }, `all ${numberText(members.length)}`)
          : undefined
      )
    }
    const what = `${adds ? "It goes in" : "It is taken out"} with step ${step} of ${phases.length - 1}, ${names[phases[step] ?? ""] ?? "a step"}.`
    return [
      element("p", {}, what),
      ...[side("in, of", large, added), side("out, of", small, removed)].flatMap((p) => p ?? [])
    ]
  })
