/** a = 1; b = a + 10 = 11; c = a + 100 = 101; d = b + c = 112. */
import type { StageSpec } from "./experiment.ts"

export const diamond = (
  tally: string,
  change: Readonly<Record<string, Partial<StageSpec>>> = {}
): ReadonlyArray<StageSpec> => {
  const specs: ReadonlyArray<StageSpec> = [
    { id: "a", kind: "add", params: { plus: 1, tally, name: "a" } },
    { id: "b", kind: "add", params: { plus: 10, tally, name: "b" }, inputs: { left: "a" } },
    { id: "c", kind: "add", params: { plus: 100, tally, name: "c" }, inputs: { left: "a" } },
    { id: "d", kind: "add", params: { tally, name: "d" }, inputs: { all: ["b", "c"] } }
  ]
  return specs.map((spec) => ({ ...spec, ...change[spec.id], params: { ...spec.params, ...change[spec.id]?.params } }))
}
