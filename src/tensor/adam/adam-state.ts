/** What Adam knows of a parameter. */
import type { FloatBlocks } from "../../numeric/float-blocks.ts"

/** What a checkpoint keeps: restored, the next updates are the same to the bit. All f32 in row-major order. */
export interface AdamState<Numbers = Float32Array> {
  readonly weights: Numbers
  readonly firstMoment: Numbers
  readonly secondMoment: Numbers
}

export const stateNames = ["weights", "firstMoment", "secondMoment"] as const
export type StateName = (typeof stateNames)[number]

export const mapState = <Numbers>(map: (name: StateName) => Numbers): AdamState<Numbers> => ({
  weights: map("weights"),
  firstMoment: map("firstMoment"),
  secondMoment: map("secondMoment")
})

export const checkState = (size: number, state: AdamState<FloatBlocks>): void => {
  for (const name of stateNames) {
    const { length } = state[name]
    if (length !== size) throw new RangeError(`expected ${size} numbers in ${name}, got ${length}`)
  }
}
