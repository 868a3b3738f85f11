/** Entities of JSON-LD, as RO-Crate 1.1 writes them. */
import type { Json } from "../../json/canonical-json.ts"
import type { CrateFile } from "./crate-input.ts"

/** `@id` names it within the crate: a path, a URL, or `#KIND-NAME`. */
export type Entity = { readonly "@id": string; readonly "@type": string | ReadonlyArray<string> } & Readonly<
  Record<string, unknown>
>

/** Where this package is told of. */
export const HOME = "https://www.npmjs.com/package/sae-pipeline"

export const ref = (id: string): { readonly "@id": string } => ({ "@id": id })
export const refs = (entities: ReadonlyArray<{ readonly "@id": string }>) =>
  entities.map((entity) => ref(entity["@id"]))
/** The `@id` of what is no file of the crate. */
export const local = (kind: string, name: string): string => `#${kind}-${encodeURIComponent(name)}`
export const pathId = (path: string): string => path.split("/").map(encodeURIComponent).join("/")
const textOf = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value))

export const fileEntity = (
  { path, size, sha256 }: CrateFile,
  more: Readonly<Record<string, unknown>> = {}
): Entity => ({
  "@id": pathId(path),
  "@type": "File",
  name: path.split("/").at(-1),
  contentSize: String(size),
  sha256,
  encodingFormat:
    path.endsWith(".yaml") || path.endsWith(".yml")
      ? "application/yaml"
      : path.endsWith(".json")
        ? "application/json"
        : "application/octet-stream",
  ...more
})

/** As RO-Crate recommends: one value stands alone, and none is left out. */
export const compact = (entity: Entity): unknown =>
  Object.fromEntries(
    Object.entries(entity)
      .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
      .map(([name, value]) => [name, Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value])
  )

/** @param owner whose values they are: their ids begin with it */
export const values = (owner: string, given: Readonly<Record<string, Json>>): ReadonlyArray<Entity> =>
  Object.entries(given).map(([name, value]) => ({
    "@id": local("value", `${owner}/${name}`),
    "@type": "PropertyValue",
    name,
    value: textOf(value)
  }))
