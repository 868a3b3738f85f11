/** Adam in TensorFlow's own resource variables: one fused operation that reads the gradient and writes in place. */
import * as tf from "@tensorflow/tfjs-core"
import { type FloatBlocks, joinBlocks } from "../../numeric/float-blocks.ts"
import { adamCoefficients, checkGradient } from "./adam-coefficients.ts"
import { mapState } from "./adam-state.ts"
import type { AdamStep, EngineAdam } from "./adam-variable.ts"
import { compiledOpsLoaded } from "../tensorflow/compiled-ops.ts"
import type { LatentGradient } from "../kernels/latent-gradient.ts"
import { readFloats } from "../read-tensor.ts"
import {
  boolAttribute,
  dataType,
  executeOp,
  executeSingle,
  shapeAttribute,
  stringAttribute,
  typeAttribute
} from "../tensorflow/tensorflow-ops.ts"

/** Variables are shared by name within the process. */
let made = 0

/** Made by the engine: tfjs makes its own on the host, and the engine uses them there. */
const filledWithZeros = (shape: ReadonlyArray<number>): tf.Tensor => {
  const sizes = tf.tensor1d([...shape], "int32")
  if (compiledOpsLoaded()) return executeSingle("OwnZeros", [], [sizes])
  const types = [typeAttribute("T", dataType.float32), typeAttribute("index_type", dataType.int32)]
  return executeSingle("Fill", types, [sizes, tf.scalar(0, "float32")])
}

interface ResourceVariable<R extends tf.Rank> {
  readonly handle: tf.Tensor
  readonly read: () => tf.Tensor<R>
  readonly assign: (value: tf.Tensor) => void
  /** Rows of the first axis. */
  readonly readRows: (from: number, to: number) => Float32Array
  /** All of it. */
  readonly write: (values: FloatBlocks) => void
  readonly destroy: () => void
}

/** Into the variable where it stands, from a number on. */
const writeAt = (handle: tf.Tensor, from: number, values: tf.Tensor1D): void =>
  void executeOp("OwnWrite", [], [handle, tf.scalar(from, "int32"), values], 0)

const writeBlocks = (handle: tf.Tensor, { blocks }: FloatBlocks): void => {
  let from = 0
  for (const block of blocks()) {
    tf.tidy(() => writeAt(handle, from, tf.tensor1d(block, "float32")))
    from += block.length
  }
}

/** Zero at first. */
const makeResource = <R extends tf.Rank>(shape: ReadonlyArray<number>): ResourceVariable<R> => {
  const name = `adam-variable-${made++}`
  const dtype = typeAttribute("dtype", dataType.float32)
  const names = [stringAttribute("container", ""), stringAttribute("shared_name", name)]
  const handle = tf.keep(executeSingle("VarHandleOp", [...names, dtype, shapeAttribute("shape", shape)], []))
  const put = (value: tf.Tensor): void =>
    void executeOp("AssignVariableOp", [dtype, boolAttribute("validate_shape", false)], [handle, value], 0)
  // A copy, since a variable else shares its value's memory, which may be a typed array of the caller, and Adam writes
  // in place; where the variable stands, so that large weights are not there twice.
  const assign = (value: tf.Tensor): void => {
    if (compiledOpsLoaded()) return void tf.tidy(() => writeAt(handle, 0, tf.reshape(value, [-1])))
    const copy = executeSingle("DeepCopy", [typeAttribute("T", dataType.float32)], [value])
    put(copy)
    copy.dispose()
  }
  const read = (): tf.Tensor<R> => executeSingle("ReadVariableOp", [dtype], [handle]) as tf.Tensor<R>
  // Nobody else has this one's memory.
  tf.tidy(() => put(filledWithZeros(shape)))
  let there = true
  return {
    handle,
    read,
    assign,
    readRows: (from, to) =>
      readFloats(() => tf.slice(read(), [from, ...shape.slice(1).fill(0)], [to - from, ...shape.slice(1)])),
    write: (values) => {
      if (compiledOpsLoaded()) return writeBlocks(handle, values)
      const whole = tf.tensor(joinBlocks(values), [...shape], "float32")
      assign(whole)
      whole.dispose()
    },
    destroy: () => {
      if (!there) return
      there = false
      executeOp("DestroyResourceOp", [boolAttribute("ignore_lookup_error", true)], [handle], 0)
      handle.dispose()
    }
  }
}

/** SaeAdam of sae-adam.cc; only the squares without a step. */
const latentStep = (
  variables: ReadonlyArray<tf.Tensor>,
  gradient: LatentGradient,
  unit: boolean,
  step: AdamStep | undefined
): Float32Array => {
  const { pattern, value, x, along, more } = gradient
  const { beta1, beta2, rate, epsilonHat } = adamCoefficients(step ?? { lr: 0, step: 1 })
  return readFloats(() =>
    executeSingle(
      "SaeAdam",
      [boolAttribute("unit", unit), boolAttribute("apply", step !== undefined)],
      [
        tf.tensor1d(value, "float32"),
        tf.tensor1d(pattern.latent, "int32"),
        tf.tensor1d(pattern.row, "int32"),
        x,
        tf.tensor1d([rate, beta1, beta2, epsilonHat, step?.factor ?? 1], "float32"),
        tf.tensor1d(along?.factor ?? new Float32Array(0), "float32"),
        tf.tensor1d(Int32Array.from(along?.widths ?? []), "int32"),
        tf.tensor1d(more?.latents ?? new Int32Array(0), "int32"),
        more?.rows ?? tf.zeros([0, x.shape[1]]),
        ...variables
      ]
    )
  )
}

/** Zero at first. */
export const makeTensorflowAdam = <R extends tf.Rank>(shape: tf.ShapeMap[R]): EngineAdam<R> => {
  const state = mapState(() => makeResource<R>(shape))
  const { weights, firstMoment: first, secondMoment: second } = state
  const handles = [weights.handle, first.handle, second.handle]
  const latents: EngineAdam<R>["latents"] = (gradient, unit, step) => latentStep(handles, gradient, unit, step)
  return {
    shape,
    ...(compiledOpsLoaded() ? { latents } : {}),
    read: weights.read,
    applyDense: (gradient, step) => {
      checkGradient(shape, gradient)
      const { beta1, beta2, rate, epsilonHat } = adamCoefficients(step)
      tf.tidy(() => {
        // The operation's own bias correction works on f32 powers, at step 1 wrong in the fifth digit: powers of 0 turn
        // it off, `rate` and `epsilonHat` carry the exact one.
        const scalars = [0, 0, rate, beta1, beta2, epsilonHat].map((value) => tf.scalar(value, "float32"))
        executeOp(
          "ResourceApplyAdam",
          [
            typeAttribute("T", dataType.float32),
            boolAttribute("use_locking", false),
            boolAttribute("use_nesterov", false)
          ],
          [...handles, ...scalars, gradient],
          0
        )
      })
    },
    assign: (tensor) => {
      checkGradient(shape, tensor)
      weights.assign(tensor)
    },
    readRows: (name, from, to) => state[name].readRows(from, to),
    write: (name, values) => state[name].write(values),
    freeMoments: () => {
      first.destroy()
      second.destroy()
    },
    dispose: () => {
      for (const variable of [weights, first, second]) variable.destroy()
    }
  }
}
