/** Names for SAEs that would be called the same, `512 latents` each: what tells them apart stands behind it. */
import type { SaeInfo } from "../../kinds/sae/stored/sae-weights.ts"

interface Labelled {
  readonly label: string
  readonly digest: string | undefined
  readonly info: SaeInfo | undefined
}

/** Settings of a training that people vary, most telling first. */
const telling = ["freeze", "preset", "d_out", "normalize", "lr", "steps", "seed"] as const

/** Sizes of SAEs that were merged or imported are outcomes, not settings. */
const size = ({ d_sae, training }: SaeInfo): string =>
  typeof training?.["steps"] === "number" ? `${d_sae} latents` : "–"

const factsOf = ({ info }: Pick<Labelled, "info">): ReadonlyArray<readonly [name: string, value: string]> =>
  info === undefined
    ? []
    : [
        ["", size(info)],
        ["", info.architecture],
        ["k", String(info.k ?? "none")],
        ["at", info.hook ?? "–"],
        ...telling.map((name) => [name, String(info.training?.[name] ?? "–")] as const),
        ["", (info.training?.["init"] ?? null) === null ? "–" : "trained on from another SAE"]
      ]

const shown = (name: string, value: string): string => (name === "" ? value : `${name} ${value}`)

/** What a training was asked for, but for its seed: SAEs that differ in it are not seeds of one. Empty where a setting is not there. */
export const trainingFacts = (info: SaeInfo | undefined): ReadonlyArray<string> =>
  factsOf({ info }).flatMap(([name, value]) => (name === "seed" ? [] : [value === "–" ? "" : shown(name, value)]))

/** @returns of each its label: as it is where no other has it */
export const distinctLabels = (all: ReadonlyArray<Labelled>): ReadonlyArray<string> => {
  const alike = Map.groupBy(all, ({ label }) => label)
  return all.map((own) => {
    const group = alike.get(own.label) ?? []
    if (group.length === 1) return own.label
    const facts = group.map(factsOf)
    const differing = factsOf(own).filter(([, value], i) => facts.some((of) => of[i]?.[1] !== value))
    const told = (of: Labelled): string =>
      factsOf(of)
        .map(([, value]) => value)
        .join("\n")
    const alone = group.every((other) => other === own || told(other) !== told(own))
    const parts = [
      ...differing.flatMap(([name, value]) => (value === "–" ? [] : [shown(name, value)])).slice(0, 3),
      ...(alone || own.digest === undefined ? [] : [own.digest.slice(0, 8)])
    ]
    return parts.length === 0 ? own.label : `${own.label}, ${parts.join(", ")}`
  })
}
