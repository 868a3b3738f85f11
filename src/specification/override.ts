/** `tokens=1e6`, `params.tokens=1e6`, `stages.sae[width=2048].with.k=24`: for `--set`, and as keys of `overrides:`. */
import { suggestOrList } from "../words/did-you-mean.ts"
import type { Override } from "./declaration.ts"
import { namePattern, parseSelector, splitOutside, Unreadable } from "./expression.ts"
import type { Selector } from "./expression.ts"
import { onCommandLine } from "./location.ts"
import { readYamlValue } from "./read-yaml.ts"
import type { Problem } from "./problem.ts"

/** What of a stage can be set, and how many names follow. */
const settable = ["with", "matrix", "resources", "retries", "timeout", "temp"] as const

const forms =
  "write params.NAME, or stages.NAME.with.PARAM, with [axis=value] behind the stage's name for some instances"

const parseStageTarget = (parts: ReadonlyArray<string>): Override["target"] | Unreadable => {
  const [, stagePart, ...field] = parts
  const match = /^([A-Za-z_][\w-]*)(?:\[([^]*)\])?$/.exec(stagePart ?? "")
  if (match === null) return new Unreadable(forms)
  let selector: Selector | undefined
  if (match[2] !== undefined) {
    const parsed = parseSelector(match[2])
    if (parsed instanceof Unreadable) return parsed
    selector = parsed
  }
  const [head, ...names] = field
  if (head === undefined) return new Unreadable(`says not what of the stage is set; ${forms}`)
  if (!(settable as ReadonlyArray<string>).includes(head)) {
    return new Unreadable(`"${head}" of a stage cannot be set${suggestOrList(head, settable)}`)
  }
  const bare = head === "retries" || head === "timeout" || head === "temp"
  if (bare !== (names.length === 0)) {
    return new Unreadable(bare ? `nothing can follow "${head}"` : `"${head}" needs a name behind it: ${head}.NAME`)
  }
  if (head === "matrix" && selector !== undefined) {
    return new Unreadable("a matrix belongs to the whole stage: leave out the selector")
  }
  return { kind: "stage", stage: match[1] as string, selector, field }
}

/** What the path of an override or of a `--set` points at. */
export const parseTarget = (path: string): Override["target"] | Unreadable => {
  const parts = splitOutside(path.trim(), ".")
  const [head, name] = parts
  if (head === "stages") return parseStageTarget(parts)
  const param = parts.length === 1 ? head : head === "params" && parts.length === 2 ? name : undefined
  return param !== undefined && namePattern.test(param)
    ? { kind: "param", name: param }
    : new Unreadable(`cannot read "${path.trim()}": ${forms}`)
}

/** One `--set` argument. Its value is YAML: `1e6`, `[512, 2048]`, `text`. */
export const parseAssignment = (argument: string, problems: Array<Problem>): Override | undefined => {
  const at = onCommandLine(`--set ${argument}`)
  const [path, ...rest] = splitOutside(argument, "=")
  if (path === undefined || rest.length === 0) {
    problems.push({ at, path: "", message: "has no value: write NAME=VALUE" })
    return undefined
  }
  const target = parseTarget(path)
  if (target instanceof Unreadable) {
    problems.push({ at, path: "", message: target.message })
    return undefined
  }
  const value = readYamlValue(argument.slice(path.length + 1), at)
  problems.push(...value.problems)
  return value.node === undefined ? undefined : { at, path: path.trim(), target, value: value.node }
}
