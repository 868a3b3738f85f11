/** Compiling one self-contained file, for tests. */
import * as Result from "effect/Result"
import { compile } from "../../src/plan/compile.ts"
import type { Compiled } from "../../src/plan/compile.ts"
import type { StageInstance } from "../../src/plan/stage-instance.ts"
import type { SpecificationInput } from "../../src/specification/specification.ts"
import { catalog } from "./fake-kinds.ts"

/** The lines of all problems; none where the files are right. */
export const problemsOf = (input: Omit<SpecificationInput, "catalog">): ReadonlyArray<string> => {
  const result = compile({ ...input, catalog, artifactKinds: ["Files", "Sae"] })
  return Result.isSuccess(result) ? [] : result.failure.message.split("\n")
}

export const compiled = (input: Omit<SpecificationInput, "catalog">): Compiled => {
  const result = compile({ ...input, catalog, artifactKinds: ["Files", "Sae"] })
  if (Result.isFailure(result)) throw new Error(result.failure.message)
  return result.success
}

export const file = (text: string, assignments: ReadonlyArray<string> = []) => ({
  experiment: { file: "x.yaml", text },
  assignments
})

export const instancesOf = (text: string, assignments: ReadonlyArray<string> = []): ReadonlyArray<StageInstance> =>
  compiled(file(text, assignments)).graph.instances

export const instance = (instances: ReadonlyArray<StageInstance>, id: string): StageInstance => {
  const found = instances.find((each) => each.id === id)
  if (found === undefined) throw new Error(`no ${id} among ${instances.map((each) => each.id).join(" ")}`)
  return found
}
