/**
 * A part of tokenizer.json (a normalizer, a model, ...), field by field. A field that nobody asked for is refused: it may
 * change the ids, and the library that wrote it obeys it.
 */
import { TokenizerProblem } from "./tokenizer-problem.ts"

export interface Pattern {
  readonly kind: "String" | "Regex"
  readonly source: string
}

export interface Part {
  readonly where: string
  /** undefined where the part has none */
  readonly type: string | undefined
  readonly has: (name: string) => boolean
  readonly text: (name: string) => string
  /** null and an absent field are undefined. */
  readonly optionalText: (name: string) => string | undefined
  /** @param absent what an absent field means; without it the field has to be there */
  readonly flag: (name: string, absent?: boolean) => boolean
  readonly count: (name: string, absent?: number) => number
  readonly number: (name: string) => number
  readonly choice: <A extends string>(name: string, choices: ReadonlyArray<A>, absent?: A) => A
  readonly pattern: (name: string) => Pattern
  readonly character: (name: string) => string
  readonly list: (name: string) => ReadonlyArray<unknown>
  readonly object: (name: string) => Readonly<Record<string, unknown>>
  readonly parts: (name: string) => ReadonlyArray<Part>
  /** Fields that do not change the ids. */
  readonly ignore: (...names: ReadonlyArray<string>) => void
  readonly refuse: (problem: string, remedy?: string) => TokenizerProblem
  /** @throws TokenizerProblem where a field was not read */
  readonly done: () => void
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** @throws TokenizerProblem */
export const openPart = (json: unknown, where: string): Part => {
  if (!isObject(json)) throw new TokenizerProblem(where, "it is no object")
  const read = new Set(["type"])
  const type = typeof json["type"] === "string" ? json["type"] : undefined
  const title = type === undefined ? where : `${where} (${type})`
  const refuse = (problem: string, remedy?: string) => new TokenizerProblem(title, problem, remedy)
  const at = (name: string): unknown => {
    read.add(name)
    return json[name]
  }
  const wrong = (name: string, wanted: string) =>
    refuse(json[name] === undefined ? `there is no ${name}` : `${name} is ${JSON.stringify(json[name])}, no ${wanted}`)
  const text = (name: string): string => {
    const value = at(name)
    if (typeof value === "string") return value
    throw wrong(name, "text")
  }
  const list = (name: string): ReadonlyArray<unknown> => {
    const value = at(name)
    if (Array.isArray(value)) return value
    throw wrong(name, "list")
  }
  const object = (name: string): Readonly<Record<string, unknown>> => {
    const value = at(name)
    if (isObject(value)) return value
    throw wrong(name, "object")
  }
  return {
    where,
    type,
    refuse,
    text,
    list,
    object,
    has: (name) => json[name] !== undefined && json[name] !== null,
    optionalText: (name) => {
      const value = at(name)
      return value === undefined || value === null ? undefined : text(name)
    },
    flag: (name, absent) => {
      const value = at(name)
      if (typeof value === "boolean") return value
      if ((value === undefined || value === null) && absent !== undefined) return absent
      throw wrong(name, "true or false")
    },
    count: (name, absent) => {
      const value = at(name) ?? absent
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value
      throw wrong(name, "number")
    },
    number: (name) => {
      const value = at(name)
      if (typeof value === "number") return value
      throw wrong(name, "number")
    },
    choice: (name, choices, absent) => {
      const value = at(name) ?? absent
      const found = choices.find((choice) => choice === value)
      if (found !== undefined) return found
      throw wrong(name, `one of ${choices.join(", ")}`)
    },
    pattern: (name) => {
      const value = object(name)
      for (const kind of ["String", "Regex"] as const) {
        const source = value[kind]
        if (typeof source === "string" && Object.keys(value).length === 1) return { kind, source }
      }
      throw wrong(name, "pattern")
    },
    character: (name) => {
      const value = text(name)
      if ([...value].length === 1) return value
      throw wrong(name, "single character")
    },
    parts: (name) => list(name).map((each, i) => openPart(each, `${where}.${name}[${i}]`)),
    ignore: (...names) => {
      for (const name of names) read.add(name)
    },
    done: () => {
      const strange = Object.keys(json).filter((name) => !read.has(name))
      if (strange.length > 0) throw refuse(`${strange.join(", ")} is not known`)
    }
  }
}
