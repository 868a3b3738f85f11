/** What a schema has against a value, in one line: `layers[2].width: Expected an integer; ...`. */
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** More of them help nobody. */
const shown = 4

const keyOf = (part: PropertyKey | { readonly key: PropertyKey }): PropertyKey =>
  typeof part === "object" ? part.key : part

export const schemaFault = ({ issue }: Schema.SchemaError): string => {
  const { issues } = issuesOf(issue)
  const lines = issues.map(({ path = [], message }) => {
    const place = path
      .map(keyOf)
      .reduce<string>((text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}.${String(key)}`), "")
      .replace(/^\./, "")
    return place === "" ? message : `${place}: ${message}`
  })
  const more = lines.length > shown ? `; and ${lines.length - shown} more` : ""
  return lines.slice(0, shown).join("; ") + more
}
