/** A checkpoint in memory: what a state's blocks hold is read where it is saved, as a file's is. */
import { joinBlocks, oneBlock } from "../../../src/numeric/float-blocks.ts"
import type { CheckpointState } from "../../../src/stage/checkpoint.ts"

export const keptState = ({ json, tensors, blocks = {} }: CheckpointState): CheckpointState => ({
  ...structuredClone({ json, tensors }),
  blocks: Object.fromEntries(Object.entries(blocks).map(([name, each]) => [name, oneBlock(joinBlocks(each))]))
})
