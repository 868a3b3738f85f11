/** A command line with places for values: `qsub -N {name} {script}`. */
import { nearest } from "../../words/did-you-mean.ts"

/** ${name} is the shell's. */
const PLACE = /(?<!\$)\{([a-z]+)\}/g

/** Names of the places in it. */
const placesOf = (template: string): ReadonlyArray<string> =>
  [...template.matchAll(PLACE)].map(([, name]) => name as string)

/** What is wrong with a template that may use the names in `known`, and has to use those in `required`; undefined: nothing. */
export const templateProblem = (
  template: string,
  known: ReadonlyArray<string>,
  required: ReadonlyArray<string>
): string | undefined => {
  const used = placesOf(template)
  const unknown = used.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const near = nearest(unknown, known)
    return `{${unknown}} is none of ${known.map((name) => `{${name}}`).join(", ")}${near === undefined ? "" : `; did you mean {${near}}?`}`
  }
  const missing = required.find((name) => !used.includes(name))
  return missing === undefined ? undefined : `{${missing}} is missing`
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** Values are quoted for the shell, each of a list by itself. */
export const fillTemplate = (
  template: string,
  values: Readonly<Record<string, string | number | ReadonlyArray<string>>>
): string =>
  template.replaceAll(PLACE, (place, name: string) => {
    const value = values[name]
    if (value === undefined) return place
    return typeof value === "object" ? value.map(quoted).join(" ") : quoted(String(value))
  })
