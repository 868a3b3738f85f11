/**
 * Entities that only memory knows: each has a value of every attribute, drawn by chance, so that no attribute tells another one, and a
 * method that parts them finds what the model has parted.
 */
import type { EntitiesFile } from "../kinds/entities.ts"
import * as Rng from "../random/rng.ts"

/** Attributes, of which the first ones are taken. */
export const attributeNames = ["country", "language", "profession", "instrument", "animal", "colour"] as const

export interface EntitiesOptions {
  readonly entities: number
  readonly attributes: number
  /** Values of each attribute. */
  readonly values: number
  readonly seed: number
}

/** As letters: a number's name is the beginning of another's. */
const letter = (n: number): string => String.fromCodePoint("A".codePointAt(0)! + n)

export const makeEntities = ({ entities, attributes, values, seed }: EntitiesOptions): EntitiesFile => {
  const rng = Rng.make(seed, "attributes of entities")
  const names = attributeNames.slice(0, attributes)
  return {
    format: 1,
    type: "entity",
    models: "one that was trained on what write-entities makes of them (pipelines/ravel.yaml)",
    entities: Array.from({ length: entities }, (_, n) => ({
      name: `entity${n}`,
      attributes: Object.fromEntries(names.map((name) => [name, `${name}${letter(rng.int(values))}`]))
    })),
    templates: Object.fromEntries(names.map((name) => [name, [`%s ${name}`]]))
  }
}
