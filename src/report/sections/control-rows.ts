/** Headline figures beside what the same measurement gives where there is nothing to find. */
import { meanScoreIntervals } from "../../interp/mean-scores.ts"
import { differenceNoise } from "../../numeric/difference-noise.ts"
import { formatNumber, formatPercent } from "../page/format-number.ts"
import { bySeed, type Estimated, meanOverSeeds, type Seeded } from "../page/over-seeds.ts"
import { isControl, type ReportInput, sizeLabel, type Subject } from "../page/subjects.ts"
import { headlineFigures } from "./headline-figures.ts"

/** One number of one finding. */
interface Measurement extends Seeded {
  readonly figure: string
  /** Where there are no coordinates. */
  readonly otherwise: string
  readonly value: Estimated
  readonly format: (value: number) => string
  /** What the same measurement gave on something else in the same stage, by name. */
  readonly own?: ReadonlyArray<{ readonly name: string; readonly value: Estimated }>
}

export interface ControlRow {
  readonly figure: string
  readonly label: string
  readonly value: Estimated
  readonly control: string
  readonly controlValue: Estimated
  /** Undefined where one of them has no interval. */
  readonly noise: number | undefined
  readonly format: (value: number) => string
}

const ofSubjects = (subjects: ReadonlyArray<Subject>): ReadonlyArray<Measurement> =>
  subjects.flatMap((subject) => {
    const { at, apart, interpretations } = subject
    const otherwise = sizeLabel(subject)
    return headlineFigures.flatMap(({ name, of, over, format, controlled }): ReadonlyArray<Measurement> => {
      const figure = of(subject)
      if (!controlled || figure === undefined || typeof figure === "string") return []
      const measured = { figure: name, at, apart, otherwise, format, value: { ...figure, over } }
      if (figure.control === undefined || interpretations === undefined) return [measured]
      const { shuffled } = meanScoreIntervals(interpretations)
      const value = { value: figure.control, interval: shuffled, over }
      return [{ ...measured, own: [{ name: "explanations of other latents", value }] }]
    })
  })

/** Of what random rows of its covariance leave unexplained, the share that the decoder's own rows do not leave. */
const ofStructure = (metaSaes: ReportInput["metaSaes"]): ReadonlyArray<Measurement> =>
  metaSaes.flatMap(({ at, value }) => {
    const matched = value.matched_variance_explained
    return matched === undefined
      ? []
      : [
          {
            figure: "Decoder structure beyond its covariance",
            at,
            otherwise: `of ${value.base.d_sae} latents`,
            format: formatPercent,
            value: { value: (value.decoder_variance_explained - matched) / (1 - matched), over: "" }
          }
        ]
  })

const ofMetaSaes = (metaSaes: ReportInput["metaSaes"]): ReadonlyArray<Measurement> =>
  metaSaes.map(({ at, value }) => ({
    figure: "Decoder variance explained",
    at,
    otherwise: `of ${value.base.d_sae} latents`,
    format: formatPercent,
    value: {
      value: value.decoder_variance_explained,
      interval: value.intervals?.["decoder_variance_explained"],
      over: "latents"
    },
    own: [
      {
        name: "random unit rows",
        value: {
          value: value.random_variance_explained,
          interval: value.intervals?.["random_variance_explained"],
          over: "random rows"
        }
      },
      ...(value.matched_variance_explained === undefined
        ? []
        : [
            {
              name: "random rows of its covariance",
              value: {
                value: value.matched_variance_explained,
                interval: value.intervals?.["matched_variance_explained"],
                over: "random rows"
              }
            }
          ])
    ]
  }))

const ofProbings = (subjects: ReadonlyArray<Subject>): ReadonlyArray<Measurement> =>
  subjects.flatMap(({ at, apart, d_sae, probing }) => {
    if (probing?.means === undefined) return []
    const { means, intervals = {} } = probing
    const told = (name: string): ReadonlyArray<Estimated> =>
      means[name] === undefined ? [] : [{ value: means[name], interval: intervals[name], over: "test documents" }]
    const names = Object.keys(means).filter((name) => /^auc_k\d+$/.test(name))
    return names.flatMap((name) =>
      told(name).map((value) => ({
        figure: `Probing AUC, k ${name.slice("auc_k".length)}`,
        at,
        apart,
        otherwise: sizeLabel({ d_sae }),
        format: formatNumber,
        value,
        own: [
          ["the activation's own numbers", "auc_basis"],
          ["shuffled labels", "auc_shuffled"]
        ].flatMap(([control, of]) =>
          told(name.replace("auc", String(of))).map((own) => ({ name: String(control), value: own }))
        )
      }))
    )
  })

const ofStitchings = (stitchings: ReportInput["stitchings"]): ReadonlyArray<Measurement> =>
  stitchings.map(({ at, value }) => ({
    figure: "Novel latents",
    at,
    otherwise: `${value.small.d_sae} → ${value.large.d_sae} latents`,
    format: formatPercent,
    value: {
      value: value.counts.novel / value.large.d_sae,
      interval: value.intervals?.["novel_fraction"],
      over: "the larger SAE's latents"
    }
  }))

/** Coordinates without `control` and the seed, as a text. */
const place = (at: Subject["at"]): string => {
  const { control: _, seed: __, ...rest } = at
  return JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const noiseOf = (a: Estimated, b: Estimated): number | undefined =>
  a.interval === undefined || b.interval === undefined
    ? undefined
    : differenceNoise({ value: a.value, ...a.interval }, { value: b.value, ...b.interval })

/**
 * Controls are findings whose coordinates have a `control` (`frozen decoder`) and are else those of what they control; and
 * what stages measure beside their figures themselves. Means over seeds.
 */
export const controlRows = (
  { metaSaes, stitchings }: Pick<ReportInput, "metaSaes" | "stitchings">,
  subjects: ReadonlyArray<Subject>
): ReadonlyArray<ControlRow> => {
  const all = [
    ...ofSubjects(subjects),
    ...ofProbings(subjects),
    ...ofMetaSaes(metaSaes),
    ...ofStructure(metaSaes),
    ...ofStitchings(stitchings)
  ]
  return [...Map.groupBy(all, ({ figure }) => figure)].flatMap(([figure, measurements]) => {
    const groups = bySeed(measurements, ({ otherwise }) => otherwise)
    return groups.flatMap(({ label, members }): ReadonlyArray<ControlRow> => {
      const { at, format } = members[0] as Measurement
      const value = meanOverSeeds(members.map((member) => member.value))
      if (isControl(at) || value === undefined) return []
      const row = (control: string, controlValue: Estimated | undefined): ReadonlyArray<ControlRow> =>
        controlValue === undefined
          ? []
          : [{ figure, label, value, control, controlValue, noise: noiseOf(value, controlValue), format }]
      const own = members.flatMap((member) => member.own ?? [])
      const others = groups.filter(({ members: [other] }) => {
        return other !== undefined && isControl(other.at) && place(other.at) === place(at)
      })
      return [
        ...[...Map.groupBy(own, ({ name }) => name)].flatMap(([name, each]) =>
          row(name, meanOverSeeds(each.map((one) => one.value)))
        ),
        ...others.flatMap((other) =>
          row(String(other.members[0]?.at["control"]), meanOverSeeds(other.members.map((member) => member.value)))
        )
      ]
    })
  })
}
