/**
 * Whether TensorFlow's own kernels do on this device what they do on the CPU: asked when the engine is loaded onto a GPU,
 * where operations of our own, which are written for CPUs, would copy everything back and forth. A kernel that the device
 * lacks, or that has no deterministic way there, is named before a stage has lost hours to it.
 */
import * as tf from "@tensorflow/tfjs-core"
import { portableKernels } from "../kernels/portable-kernels.ts"
import type { SparseKernels } from "../kernels/sparse-kernels.ts"
import { makePattern, type SparseCodes, withValue } from "../kernels/sparse-pattern.ts"
import { tensorflowKernels } from "../kernels/tensorflow-kernels.ts"
import {
  boolAttribute,
  dataType,
  executeOp,
  executeSingle,
  shapeAttribute,
  stringAttribute,
  typeAttribute
} from "../tensorflow/tensorflow-ops.ts"

const [ROWS, D, LATENTS] = [4, 8, 256]

/** Small integers: every sum of their products is exact in f32, in whatever order it is made. */
const integers = (shape: [number, number], step: number): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => ((i * step) % 17) - 8),
    shape
  )

const numbersOf = (result: SparseCodes | tf.Tensor): ReadonlyArray<number> =>
  result instanceof tf.Tensor
    ? [...result.dataSync<"float32">()]
    : [...result.rowStart, ...result.latent, ...result.value.dataSync<"float32">()]

type Trial = (kernels: SparseKernels) => SparseCodes | tf.Tensor

const trials = (): Readonly<Record<keyof SparseKernels, Trial>> => {
  const [x, weights] = [integers([ROWS, D], 5), integers([LATENTS, D], 7)]
  const pre = tf.matMul<tf.Tensor2D>(x, weights, false, true)
  const pattern = makePattern(LATENTS, Int32Array.of(0, 2, 2, 4, 5), Int32Array.of(3, 200, 0, 255, 17))
  const codes = withValue(pattern, tf.tensor1d([1, -2, 3, 4, 5]))
  return {
    topKRows: ({ topKRows }) => topKRows(pre, 3),
    topKBatch: ({ topKBatch }) => topKBatch(pre, 9),
    aboveThreshold: ({ aboveThreshold }) => aboveThreshold(pre, 100),
    decode: ({ decode }) => decode(codes, weights),
    activeDots: ({ activeDots }) => activeDots(pattern, weights, x),
    scatterToLatents: ({ scatterToLatents }) => scatterToLatents(pattern, codes.value, x)
  }
}

/** One step of the fused optimiser moves a weight of 1 by the learning rate, against a gradient of 2. */
const adamStep = (): number => {
  const type = typeAttribute("dtype", dataType.float32)
  const variable = (value: number, index: number): tf.Tensor => {
    const name = stringAttribute("shared_name", `device check ${index}`)
    const attributes = [stringAttribute("container", ""), name, type, shapeAttribute("shape", [1])]
    const handle = executeSingle("VarHandleOp", attributes, [])
    executeOp("AssignVariableOp", [type, boolAttribute("validate_shape", false)], [handle, tf.tensor1d([value])], 0)
    return handle
  }
  const handles = [1, 0, 0].map(variable)
  const scalars = [0.9, 0.999, 0.5, 0.9, 0.999, 0].map((value) => tf.scalar(value, "float32"))
  const flags = ["use_locking", "use_nesterov"].map((flag) => boolAttribute(flag, false))
  executeOp(
    "ResourceApplyAdam",
    [typeAttribute("T", dataType.float32), ...flags],
    [...handles, ...scalars, tf.tensor1d([2])],
    0
  )
  const [moved] = executeSingle("ReadVariableOp", [type], [handles[0] as tf.Tensor]).dataSync<"float32">()
  for (const handle of handles)
    executeOp("DestroyResourceOp", [boolAttribute("ignore_lookup_error", true)], [handle], 0)
  return moved ?? Number.NaN
}

const problemOf = (name: string, trial: () => string | undefined): ReadonlyArray<string> => {
  try {
    const problem = trial()
    return problem === undefined ? [] : [`${name}: ${problem}`]
  } catch (cause) {
    return [`${name}: ${cause instanceof Error ? cause.message : String(cause)}`]
  }
}

/**
 * What is wrong with each kernel here; none where all is well. Takes a tenth of a second.
 *
 * @param kernels @default TensorFlow's
 */
export const deviceProblems = (kernels: SparseKernels = tensorflowKernels): ReadonlyArray<string> => {
  const problems: Array<string> = []
  tf.tidy(() => {
    for (const [name, trial] of Object.entries(trials())) {
      problems.push(
        ...problemOf(name, () => {
          const [here, right] = [numbersOf(trial(kernels)), numbersOf(trial(portableKernels))]
          const same = here.length === right.length && here.every((value, i) => value === right[i])
          return same ? undefined : `gives ${here.slice(0, 8).join(", ")}, and not ${right.slice(0, 8).join(", ")}`
        })
      )
    }
    problems.push(
      ...problemOf("ResourceApplyAdam", () => {
        const moved = adamStep()
        return Math.abs(moved - 0.5) < 1e-5 ? undefined : `gives ${moved}, and not 0.5`
      })
    )
  })
  return problems
}
