/** Why an SAE cannot be had as it is asked for: a value of what may be refused, and a failure where it is yielded. */
import * as Data from "effect/Data"

/**
 * * `read`: its files say something that is not known here, or that cannot be
 * * `write`: the format has no way to say it without changing the numbers
 * * `compute`: it is kept as it is and cannot be computed with
 */
export class SaeRefused extends Data.TaggedError("SaeRefused")<{
  readonly of: "read" | "write" | "compute"
  readonly problem: string
}> {
  override get message(): string {
    return this.problem
  }
}

export const cannotRead = (problem: string): SaeRefused => new SaeRefused({ of: "read", problem })
export const cannotWrite = (problem: string): SaeRefused => new SaeRefused({ of: "write", problem })
export const cannotCompute = (problem: string): SaeRefused => new SaeRefused({ of: "compute", problem })

export const isRefused = (value: unknown): value is SaeRefused => value instanceof SaeRefused
