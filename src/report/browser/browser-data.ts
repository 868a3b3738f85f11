/**
 * What the page's script browses, as compact JSON: arrays in a fixed order instead of objects with names, since there
 * are thousands of examples. The modules in `script/` read exactly this.
 */
import type { ActivatingExample, InterpretedLatent } from "../../kinds/interpretations.ts"
import type { DashboardText } from "../../kinds/dashboard/dashboard-text.ts"
import type { MetaLatentsFile } from "../../kinds/sae/meta-latents.ts"
import type { StitchingFile } from "../../kinds/stitching.ts"
import type { PlacedMeta, ReportInput, Subject } from "../page/subjects.ts"
import { labelOf } from "../page/subjects.ts"
import { otherLatents, relationsData } from "./dashboard-data.ts"
import type { ExampleData, LatentData, OtherLatents } from "./latent-data.ts"
import { placeOf, type StitchedData, stitchedData } from "./stitched-data.ts"
import { type StandingData, standingData } from "./standing-data.ts"

/** Element of the page that holds a range of a subject's latents, packed (`packed-latents.ts`). */
export const partId = (subject: number, part: number): string => `part-${subject}-${part}`

/** Element of the page that holds a text that examples are from, packed (`packed-text.ts`). */
export const textPartId = (text: number): string => `text-${text}`

/** Patterns shown of one latent: those with the most matches. */
const maxPatterns = 24

export interface SubjectData extends StandingData {
  readonly label: string
  /** Of the SAE; only where that is known. */
  readonly digest?: string
  readonly texts: Readonly<Record<string, string>>
  /** Index of the smaller SAE that `stitch` of its latents is about; only where the page shows that one. */
  readonly stitchedFrom?: number
  /** Element with the text that its examples are from. */
  readonly text?: string
  /** Those with an explanation. */
  readonly latents: ReadonlyArray<LatentData>
  /** Those without, by column; `part` is where the rest of each stands. */
  readonly others?: OtherLatents
}

export interface MetaData {
  readonly label: string
  /** Index in `subjects` of the SAE that it decomposes, -1 where that is not among them. */
  readonly base: number
  readonly metaLatents: number
  /** Of each latent of the base how many meta-latents it has; those of all latents, one latent after the other, strongest first. */
  readonly counts: ReadonlyArray<number>
  readonly ids: ReadonlyArray<number>
  readonly activations: ReadonlyArray<number>
}

export interface BrowserData {
  /** Whether words of these stand covered (`anyCovered`). */
  readonly covers: boolean
  readonly subjects: ReadonlyArray<SubjectData>
  readonly metas: ReadonlyArray<MetaData>
  readonly stitched: ReadonlyArray<StitchedData>
}

export const short = (value: number): number => Number(value.toPrecision(4))

const exampleData = ({ position, pivot, tokens, activations }: ActivatingExample): ExampleData => [
  position,
  pivot,
  tokens,
  activations
]

const latentData = (latent: InterpretedLatent, stitching: StitchingFile | undefined): LatentData => ({
  id: latent.latent,
  text: latent.explanation,
  density: short(latent.density),
  max: short(latent.max),
  histogram: latent.histogram,
  patterns: latent.patterns
    .slice(0, maxPatterns)
    .map(({ tokens, activation, matches, precision }) => [tokens, short(activation), matches, short(precision)]),
  more: Math.max(0, latent.patterns.length - maxPatterns),
  score:
    latent.score === null
      ? null
      : [
          short(latent.score.f1),
          short(latent.score.shuffled_f1),
          short(latent.score.precision),
          short(latent.score.recall),
          short(latent.score.balanced_accuracy),
          latent.score.true_positives,
          latent.score.false_positives,
          latent.score.false_negatives
        ],
  top: latent.top.map(exampleData),
  bands: latent.bands.map(({ low, high, examples }) => [short(low), short(high), examples.map(exampleData)]),
  promoted: latent.promoted.map(({ token, weight }) => [token, weight]),
  suppressed: latent.suppressed.map(({ token, weight }) => [token, weight]),
  ...stitchData(latent.latent, stitching)
})

export const stitchData = (latent: number, stitching: StitchingFile | undefined): Pick<LatentData, "stitch"> =>
  stitching === undefined
    ? {}
    : {
        stitch: [
          short(stitching.latents.delta_mse[latent] as number),
          short(stitching.latents.cosine[latent] as number),
          stitching.latents.nearest[latent] as number
        ]
      }

/** Texts that examples are from, each once. */
export const textsOf = (subjects: ReadonlyArray<Subject>): ReadonlyArray<DashboardText> => [
  ...new Set(subjects.flatMap(({ dashboard }) => dashboard?.text ?? []))
]

const subjectData = (
  subject: Subject,
  stitching: StitchingFile | undefined,
  allTexts: ReadonlyArray<DashboardText>,
  subjects: ReadonlyArray<Subject>
): SubjectData => {
  const { dashboard, interpretations: file, label } = subject
  const known = new Map(dashboard?.parts.flatMap((part) => part.map((latent) => [latent.latent, latent] as const)))
  const explained = file?.latents ?? []
  const text = dashboard?.text === undefined ? -1 : allTexts.indexOf(dashboard.text)
  const from = stitching === undefined ? -1 : placeOf(stitching.small, subjects)
  return {
    label,
    ...(subject.digest === undefined ? {} : { digest: subject.digest }),
    texts: { ...dashboard?.texts, ...file?.token_texts },
    ...(from < 0 ? {} : { stitchedFrom: from }),
    ...(text < 0 ? {} : { text: textPartId(text) }),
    ...standingData(subject.map, stitching, [subject.absorption ?? [], subject.classAbsorptions].flat()),
    latents: explained.map((latent) => ({
      ...latentData(latent, stitching),
      ...relationsData(known.get(latent.latent))
    })),
    ...(dashboard === undefined
      ? {}
      : { others: otherLatents(dashboard, new Set(explained.map(({ latent }) => latent))) })
  }
}

const metaData = ({ at, value, base }: PlacedMeta, subjects: ReadonlyArray<Subject>): MetaData => ({
  label: labelOf(at, `${value.meta.d_sae} meta-latents of ${value.base.d_sae} latents`),
  base: baseOf(value, base, subjects),
  metaLatents: value.meta.d_sae,
  counts: value.latents.map(({ ids }) => ids.length),
  ids: value.latents.flatMap(({ ids }) => ids),
  activations: value.latents.flatMap(({ activations }) => activations.map(short))
})

/** The SAE with that digest, else the only one of that size; -1 where there is none or several. */
const baseOf = (meta: MetaLatentsFile, digest: string | undefined, subjects: ReadonlyArray<Subject>): number => {
  const named = digest === undefined ? -1 : subjects.findIndex((subject) => subject.digest === digest)
  if (named >= 0) return named
  const fitting = subjects.flatMap(({ d_sae }, i) => (d_sae === meta.base.d_sae ? [i] : []))
  return fitting.length === 1 ? (fitting[0] as number) : -1
}

/** The stitching whose large SAE it is: by digest, else by size where only one SAE has that size. */
export const stitchingOf = (
  subject: Subject,
  stitchings: ReportInput["stitchings"],
  subjects: ReadonlyArray<Subject>
): StitchingFile | undefined => {
  const only = subjects.filter(({ d_sae }) => d_sae === subject.d_sae).length === 1
  return stitchings.find(({ value: { large } }) =>
    large.digest === undefined ? only && large.d_sae === subject.d_sae : large.digest === subject.digest
  )?.value
}

/** Subjects without latents to show keep their place, so that indexes stay those of `subjects`. */
export const browserData = (input: ReportInput, subjects: ReadonlyArray<Subject>): Omit<BrowserData, "covers"> => {
  const texts = textsOf(subjects)
  return {
    subjects: subjects.map((subject) =>
      subjectData(subject, stitchingOf(subject, input.stitchings, subjects), texts, subjects)
    ),
    metas: input.metaSaes.map((meta) => metaData(meta, subjects)),
    stitched: stitchedData(input.stitchings, subjects)
  }
}
