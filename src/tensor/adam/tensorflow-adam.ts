/** Adam in TensorFlow's own resource variables: one fused operation that reads the gradient and writes in place. */
import * as tf from "@tensorflow/tfjs-core"
import { adamCoefficients, checkGradient, checkState } from "./adam-coefficients.ts"
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

interface ResourceVariable<R extends tf.Rank> {
  readonly handle: tf.Tensor
  readonly read: () => tf.Tensor<R>
  readonly assign: (value: tf.Tensor) => void
  readonly destroy: () => void
}

const makeResource = <R extends tf.Rank>(shape: ReadonlyArray<number>, initial: tf.Tensor): ResourceVariable<R> => {
  const name = `adam-variable-${made++}`
  const dtype = typeAttribute("dtype", dataType.float32)
  const names = [stringAttribute("container", ""), stringAttribute("shared_name", name)]
  const handle = tf.keep(executeSingle("VarHandleOp", [...names, dtype, shapeAttribute("shape", shape)], []))
  // A copy, since a variable else shares its value's memory, which may be a typed array of the caller, and Adam writes
  // in place.
  const assign = (value: tf.Tensor): void => {
    const copy = executeSingle("DeepCopy", [typeAttribute("T", dataType.float32)], [value])
    executeOp("AssignVariableOp", [dtype, boolAttribute("validate_shape", false)], [handle, copy], 0)
    copy.dispose()
  }
  assign(initial)
  return {
    handle,
    read: () => executeSingle("ReadVariableOp", [dtype], [handle]) as tf.Tensor<R>,
    assign,
    destroy: () => {
      executeOp("DestroyResourceOp", [boolAttribute("ignore_lookup_error", true)], [handle], 0)
      handle.dispose()
    }
  }
}

/** SaeAdam of sae-ops.cc; only the squares without a step. */
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

export const makeTensorflowAdam = <R extends tf.Rank>(initial: tf.Tensor<R>): EngineAdam<R> => {
  const { shape, size } = initial
  const zeros = tf.zerosLike(initial)
  const weights = makeResource<R>(shape, initial)
  const first = makeResource<R>(shape, zeros)
  const second = makeResource<R>(shape, zeros)
  zeros.dispose()
  const host = (variable: ResourceVariable<R>): Float32Array => readFloats(variable.read)
  const set = (variable: ResourceVariable<R>, values: Float32Array): void => {
    const tensor = tf.tensor(values, shape, "float32")
    variable.assign(tensor)
    tensor.dispose()
  }
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
    exportState: () => ({ weights: host(weights), firstMoment: host(first), secondMoment: host(second) }),
    restoreState: (state) => {
      checkState(size, state)
      set(weights, state.weights)
      set(first, state.firstMoment)
      set(second, state.secondMoment)
    },
    dispose: () => {
      for (const variable of [weights, first, second]) variable.destroy()
    }
  }
}
