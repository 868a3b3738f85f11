/**
 * A lock as text: stages sorted, one field a line, an empty line between stages. So git merges two branches that changed
 * different stages without a conflict, and a review shows which numbers moved.
 */
import { canonicalJson, type Json } from "../json/canonical-json.ts"
import { aloneWithSeed, groupSeeds, seedMean } from "../plan/seed-means.ts"
import type { Lock, LockedStage } from "./lock.ts"

/** Bare where YAML reads exactly this text from it, in a flow map too; quoted elsewhere. */
const word = (text: string): string =>
  /^[A-Za-z0-9_][\w./@+-]*$/.test(text) && Number.isNaN(Number(text)) && !/^\d[\d_]*$|^(true|false|null)$/i.test(text)
    ? text
    : JSON.stringify(text)

/** Quoted wherever it is more than a name: plain YAML is read many times as fast. */
const key = (text: string): string => (/^[A-Za-z_][\w.-]*$/.test(text) ? word(text) : JSON.stringify(text))

/** Integers that no number holds exactly are read back only with an exponent. */
const number = (value: number): string =>
  Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : canonicalJson(value)

const scalar = (value: Json): string =>
  typeof value === "string" ? word(value) : typeof value === "number" ? number(value) : canonicalJson(value)

const flowMap = (map: Readonly<Record<string, Json>>): string =>
  `{ ${Object.entries(map)
    .map(([name, value]) => `${word(name)}: ${scalar(value)}`)
    .join(", ")} }`

const sorted = <A>(map: Readonly<Record<string, A>>): ReadonlyArray<readonly [string, A]> =>
  Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

const section = <A extends Readonly<Record<string, Json>>>(
  name: string,
  map: Readonly<Record<string, A>> | undefined
): ReadonlyArray<string> =>
  map === undefined || Object.keys(map).length === 0
    ? []
    : [`    ${name}:`, ...sorted(map).map(([each, value]) => `      ${key(each)}: ${flowMap(value)}`)]

const stageLines = (id: string, stage: LockedStage): ReadonlyArray<string> => [
  `  ${key(id)}:`,
  ...(["kind", "key", "code", "params", "facts", "digest"] as const).map((name) => `    ${name}: ${word(stage[name])}`),
  `    engine: ${stage.engine === null ? "null" : flowMap({ ...stage.engine })}`,
  ...section("sources", stage.sources),
  ...section("metrics", stage.metrics)
]

/**
 * Means over seeds, by the id that they stand below: the last of their seeds, so that branches which changed other stages merge. For
 * people alone: they follow from the numbers above.
 */
const seedLines = (stages: Lock["stages"]): ReadonlyMap<string, ReadonlyArray<string>> => {
  const groups = groupSeeds(sorted(stages).map(([id, { metrics = {} }]) => ({ id, metrics })))
  return new Map(
    [...groups].flatMap(([id, members]) => {
      const lines = sorted(members[0]?.metrics ?? {}).flatMap(([name]) => {
        const mean = seedMean(members.flatMap(({ metrics }) => metrics[name]?.value ?? []))
        if (mean === undefined) return []
        const half = (mean.high - mean.low) / 2
        const value = Number(mean.value.toPrecision(6))
        const shown = half > 0 ? `${value} ± ${Number(half.toPrecision(2))}` : `${value}`
        return [`  #   ${key(name)} ${shown} (${mean.seeds} seeds)`]
      })
      const last = members.at(-1)?.id
      return lines.length === 0 || last === undefined
        ? []
        : [[last, [`  # ${key(id)}, means with 95 % intervals by Student's t:`, ...lines]] as const]
    })
  )
}

/** Below what has one seed, else its intervals pass for ones over seeds. For people alone, too. */
const oneSeedLines = (stages: Lock["stages"]): ReadonlyMap<string, ReadonlyArray<string>> => {
  const withInterval = sorted(stages).filter(([, { metrics = {} }]) =>
    Object.values(metrics).some(({ low }) => low !== undefined)
  )
  const alone = aloneWithSeed(withInterval.map(([id]) => ({ id })))
  return new Map(
    alone.map((id) => [
      id,
      ["    # One seed: low and high are over what each number was measured on, and over no seeds."]
    ])
  )
}

/** @param experimentFile as the commands of the first lines name it */
export const formatLock = (experimentFile: string, lock: Lock): string => {
  const notes = new Map([...oneSeedLines(lock.stages), ...seedLines(lock.stages)])
  return [
    `# What ${experimentFile} gave, and what from: written by \`pipeline run --lock\`, kept up to date by \`pipeline run\`.`,
    "# `pipeline reproduce` computes it again and compares; `pipeline run --frozen` refuses what differs from it.",
    `lock_format: ${lock.lock_format}`,
    `key_format: ${lock.key_format}`,
    Object.keys(lock.stages).length === 0 ? "stages: {}" : "stages:",
    ...sorted(lock.stages).flatMap(([id, stage], i) => [
      ...(i === 0 ? [] : [""]),
      ...stageLines(id, stage),
      ...(notes.get(id) ?? [])
    ]),
    ""
  ].join("\n")
}
