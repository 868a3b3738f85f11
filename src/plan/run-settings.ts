/** What of a stage is not in its key: resources, retries, time limit. */
import type { StageDeclaration } from "../specification/declaration.ts"
import { countedResources, resourceKeys } from "../specification/decode-stages.ts"
import { suggestOrList } from "../words/did-you-mean.ts"
import type { Location } from "../specification/location.ts"
import type { Node } from "../specification/node.ts"
import { parseSeconds, parseSize, sizeExpected } from "../specification/quantity.ts"
import type { Resources } from "../stage/resources.ts"
import { evaluate } from "./evaluate.ts"
import type { Scope } from "./evaluate.ts"
import { showValue } from "./value.ts"
import type { Value } from "./value.ts"

export interface RunSettings {
  readonly resources: Resources
  readonly retries: number
  readonly timeoutSeconds: number | undefined
  /** Its bytes may go when what needs them is done. */
  readonly temp: boolean
  /** Where a resource was written: `resources.gpu`. One that the stage kind estimates has none. */
  readonly origins: Readonly<Record<string, Location>>
}

const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined

const truth = (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined)

/** @param estimated what the stage kind says that it needs; the file's own words win. */
export const runSettings = (scope: Scope, stage: StageDeclaration, estimated: Resources): RunSettings => {
  const read = <A extends number | boolean>(
    node: Node | undefined,
    path: string,
    parse: (value: unknown) => A | undefined,
    expected: string
  ): A | undefined => {
    const value: Value | undefined = node === undefined ? undefined : evaluate(scope, node, path)
    if (node === undefined || value === undefined) return undefined
    const parsed = value.type === "scalar" ? parse(value.value) : undefined
    if (parsed === undefined) {
      scope.problems.push({ at: node.at, path, message: `expected ${expected}, got ${showValue(value)}` })
    }
    return parsed
  }
  const below = `stages.${stage.name}`
  const origins: Record<string, Location> = {}
  const resources: { -readonly [K in keyof Resources]: Resources[K] } = { ...estimated }
  for (const [name, { keyAt, value }] of stage.resources) {
    const path = `${below}.resources.${name}`
    const key = resourceKeys.find((known) => known === name)
    if (key === undefined) {
      // In the file itself unknown keys are reported where the stage is read.
      if (keyAt.line === 0) {
        scope.problems.push({ at: keyAt, path, message: `unknown key${suggestOrList(name, resourceKeys)}` })
      }
      continue
    }
    const parsed = countedResources.has(key)
      ? read(value, path, count, `a number of ${key.toUpperCase()}s (0, 1, ...)`)
      : read(value, path, parseSize, sizeExpected)
    if (parsed === undefined) continue
    resources[key] = parsed
    origins[`resources.${key}`] = value.at
  }
  return {
    resources,
    origins,
    retries: read(stage.retries, `${below}.retries`, count, "a number of retries (0, 1, ...)") ?? 0,
    timeoutSeconds: read(stage.timeout, `${below}.timeout`, parseSeconds, "a duration such as 6 hours"),
    temp: read(stage.temp, `${below}.temp`, truth, "true or false") ?? false
  }
}
