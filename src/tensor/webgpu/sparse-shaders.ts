/**
 * Compute shaders for the sparse kernels and Adam, registered beside tfjs's own kernels in the thread that owns the GPU. Sums run
 * in a fixed order, so that results repeat to the bit.
 *
 * Numbers are compared by keys: u32 of the same order as the floats, -0 as 0, and 0 for NaN, which is below every number. WGSL
 * leaves open what comparisons of NaN give.
 */
import * as tf from "@tensorflow/tfjs-core"
import { filledWithZeros } from "./zeros.ts"

/** What of tfjs's WebGPU back end runs a shader: its `WebGPUProgram`, and uniforms in the order of their declaration. */
export interface ShaderBackend {
  readonly runWebGPUProgram: (
    program: object,
    inputs: ReadonlyArray<tf.TensorInfo>,
    dtype: tf.DataType,
    uniforms?: ReadonlyArray<{ readonly type: "int32" | "float32"; readonly data: ReadonlyArray<number> }>,
    output?: tf.TensorInfo
  ) => tf.TensorInfo
}

/** Threads of a workgroup. */
const THREADS = 64

interface Shader {
  /** Names and order of the inputs, as WGSL sees them: arrays, and `uniforms.NAMEShape`. */
  readonly inputs: ReadonlyArray<string>
  /** Attributes of the call that the code reads as `uniforms.NAME`. */
  readonly uniforms?: Readonly<Record<string, "int32" | "float32">>
  readonly dtype: "float32" | "int32"
  readonly shape: (inputs: tf.NamedTensorInfoMap, attrs: tf.NamedAttrMap) => Array<number>
  /** Workgroups for an output of this many numbers. @default one thread a number */
  readonly groups?: (inputs: tf.NamedTensorInfoMap, size: number) => number
  /** Added up by many threads, from zeros. */
  readonly atomic?: boolean
  /** WGSL with `fn main(index: i32)`, `index` counting all threads; `result` is the output. */
  readonly code: string
}

const rowsOf = ({ pre }: tf.NamedTensorInfoMap): number => pre!.shape[0]!

const keyOf = `
  fn keyOf(x: f32) -> u32 {
    let bits = bitcast<u32>(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0u; }
    if (bits == 0x80000000u) { return 0x80000000u; }
    return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
  }
`

/**
 * One workgroup a row, a stretch of the row a thread: how many numbers are above the limit, and how many equal it. Workgroups
 * beyond the last row do the last one's work again: they may not leave before the others of a barrier.
 */
const countStretches = `
  ${keyOf}
  var<workgroup> above: array<i32, ${THREADS}>;
  var<workgroup> equal: array<i32, ${THREADS}>;
  fn limitOf(row: i32, j: i32) -> u32 { return bitcast<u32>(limit[select(row, j, uniforms.byLatent == 1)]); }
  fn rowOf(index: i32) -> i32 { return min(index / ${THREADS}, uniforms.preShape[0] - 1); }
  fn stretchOf(thread: i32) -> vec2<i32> {
    let n = uniforms.preShape[1];
    let length = (n + ${THREADS - 1}) / ${THREADS};
    return vec2<i32>(min(thread * length, n), min((thread + 1) * length, n));
  }
  fn countStretch(row: i32, thread: i32) {
    let stretch = stretchOf(thread);
    var counts = vec2<i32>(0, 0);
    for (var j = stretch.x; j < stretch.y; j++) {
      let key = keyOf(pre[row * uniforms.preShape[1] + j]);
      let least = limitOf(row, j);
      if (key > least) { counts.x++; } else if (key == least) { counts.y++; }
    }
    above[thread] = counts.x;
    equal[thread] = counts.y;
  }
`

const shaders: Readonly<Record<string, Shader>> = {
  /** Codes times weights: [rows, d]. */
  SaeDecode: {
    inputs: ["value", "latent", "rowStart", "weights"],
    dtype: "float32",
    shape: ({ rowStart, weights }) => [rowStart!.shape[0]! - 1, weights!.shape[1]!],
    code: `
      fn main(index: i32) {
        if (index >= uniforms.size) { return; }
        let d = uniforms.weightsShape[1];
        let row = index / d;
        let column = index % d;
        var sum = 0.0;
        for (var i = rowStart[row]; i < rowStart[row + 1]; i++) { sum += value[i] * weights[latent[i] * d + column]; }
        result[index] = sum;
      }`
  },
  /** Dot products of weights[latent] and x[row]: [n]. A workgroup a pair. */
  SaeDots: {
    inputs: ["row", "latent", "weights", "x"],
    dtype: "float32",
    shape: ({ row }) => [row!.shape[0]!],
    groups: (_, size) => size,
    code: `
      var<workgroup> sums: array<f32, ${THREADS}>;
      fn main(index: i32) {
        let pair = min(index / ${THREADS}, uniforms.size - 1);
        let thread = i32(localIndex);
        let d = uniforms.xShape[1];
        var sum = 0.0;
        for (var c = thread; c < d; c += ${THREADS}) { sum += weights[latent[pair] * d + c] * x[row[pair] * d + c]; }
        sums[thread] = sum;
        workgroupBarrier();
        for (var half = ${THREADS / 2}; half > 0; half /= 2) {
          if (thread < half) { sums[thread] += sums[thread + half]; }
          workgroupBarrier();
        }
        if (thread == 0) { result[pair] = sums[0]; }
      }`
  },
  /** Sums of value * x[row] over each latent's pairs: [latents, d]. `pair` lists the pairs by latent, `start` where each begins. */
  SaeScatter: {
    inputs: ["value", "row", "pair", "start", "x"],
    dtype: "float32",
    shape: ({ start, x }) => [start!.shape[0]! - 1, x!.shape[1]!],
    code: `
      fn main(index: i32) {
        if (index >= uniforms.size) { return; }
        let d = uniforms.xShape[1];
        let latent = index / d;
        let column = index % d;
        var sum = 0.0;
        for (var i = start[latent]; i < start[latent + 1]; i++) { sum += value[pair[i]] * x[row[pair[i]] * d + column]; }
        result[index] = sum;
      }`
  },
  /** Key of the k-th largest number of every row: [rows]. Byte by byte from the highest, by counting. */
  SaeKthKeys: {
    inputs: ["pre"],
    uniforms: { k: "int32" },
    dtype: "int32",
    shape: (inputs) => [rowsOf(inputs)],
    groups: rowsOf,
    code: `
      ${keyOf}
      var<workgroup> bins: array<atomic<u32>, 256>;
      var<workgroup> found: u32;
      var<workgroup> left: u32;
      fn main(index: i32) {
        let n = uniforms.preShape[1];
        let row = min(index / ${THREADS}, uniforms.preShape[0] - 1);
        let thread = i32(localIndex);
        if (thread == 0) { found = 0u; left = u32(uniforms.k); }
        for (var byte = 0u; byte < 4u; byte++) {
          let shift = 24u - 8u * byte;
          let known = select(0u, 0xffffffffu << ((shift + 8u) & 31u), byte > 0u);
          for (var bin = thread; bin < 256; bin += ${THREADS}) { atomicStore(&bins[bin], 0u); }
          workgroupBarrier();
          let prefix = found;
          for (var j = thread; j < n; j += ${THREADS}) {
            let key = keyOf(pre[row * n + j]);
            if ((key & known) == prefix) { atomicAdd(&bins[(key >> shift) & 255u], 1u); }
          }
          workgroupBarrier();
          if (thread == 0) {
            var bin = 255;
            var rank = left;
            loop {
              let count = atomicLoad(&bins[bin]);
              if (count >= rank || bin == 0) { break; }
              rank -= count;
              bin--;
            }
            left = rank;
            found = found | (u32(bin) << shift);
          }
          workgroupBarrier();
        }
        if (thread == 0) { result[row] = bitcast<i32>(found); }
      }`
  },
  /** How many numbers have each upper half of a key; of those with this `upper` half, each lower one: [65536]. */
  SaeKeyHistogram: {
    inputs: ["pre"],
    uniforms: { upper: "int32" },
    dtype: "int32",
    shape: () => [1 << 16],
    groups: ({ pre }) => Math.ceil(tf.util.sizeFromShape(pre!.shape) / THREADS),
    atomic: true,
    code: `
      ${keyOf}
      fn main(index: i32) {
        if (index >= uniforms.preShape[0] * uniforms.preShape[1]) { return; }
        let key = keyOf(pre[index]);
        let upper = i32(key >> 16u);
        if (uniforms.upper < 0) { atomicAdd(&result[upper], 1); }
        else if (uniforms.upper == upper) { atomicAdd(&result[i32(key & 0xffffu)], 1); }
      }`
  },
  /** Of every row how many numbers are above its limit, and how many equal it: [rows, 2]. */
  SaeKeyCounts: {
    inputs: ["pre", "limit"],
    uniforms: { byLatent: "int32" },
    dtype: "int32",
    shape: (inputs) => [rowsOf(inputs), 2],
    groups: rowsOf,
    code: `
      ${countStretches}
      fn main(index: i32) {
        let row = rowOf(index);
        let thread = i32(localIndex);
        countStretch(row, thread);
        workgroupBarrier();
        if (thread > 1) { return; }
        var sum = 0;
        for (var t = 0; t < ${THREADS}; t++) { sum += select(above[t], equal[t], thread == 1); }
        result[row * 2 + thread] = sum;
      }`
  },
  /**
   * The latents of every row that are above its limit, and the first ones that equal it up to the row's length, ascending: [n].
   * -1 for all of a row whose limit is the key of NaN.
   */
  SaeKeyLatents: {
    inputs: ["pre", "limit", "rowStart"],
    uniforms: { byLatent: "int32", count: "int32" },
    dtype: "int32",
    shape: (_, { count }) => [count as number],
    groups: rowsOf,
    code: `
      ${countStretches}
      fn main(index: i32) {
        let row = rowOf(index);
        let thread = i32(localIndex);
        countStretch(row, thread);
        workgroupBarrier();
        var before = vec2<i32>(0, 0);
        var allAbove = 0;
        for (var t = 0; t < ${THREADS}; t++) {
          if (t < thread) { before += vec2<i32>(above[t], equal[t]); }
          allAbove += above[t];
        }
        let most = rowStart[row + 1] - rowStart[row] - allAbove;
        var place = rowStart[row] + before.x + min(before.y, most);
        var ties = most - min(before.y, most);
        let stretch = stretchOf(thread);
        for (var j = stretch.x; j < stretch.y && place < rowStart[row + 1]; j++) {
          let key = keyOf(pre[row * uniforms.preShape[1] + j]);
          let least = limitOf(row, j);
          if (key < least || (key == least && ties == 0)) { continue; }
          if (key == least) { ties--; }
          result[place] = select(j, -1, least == 0u);
          place++;
        }
      }`
  },
  /** A moment of Adam, moved towards the gradient or its square. */
  AdamMoment: {
    inputs: ["moment", "gradient"],
    uniforms: { squared: "int32", kept: "float32" },
    dtype: "float32",
    shape: ({ moment }) => moment!.shape,
    code: `
      fn main(index: i32) {
        if (index >= uniforms.size) { return; }
        let g = gradient[index];
        let goal = select(g, g * g, uniforms.squared == 1);
        result[index] = moment[index] + (goal - moment[index]) * (1.0 - uniforms.kept);
      }`
  },
  /** The weights of Adam after a step with these moments. */
  AdamWeights: {
    inputs: ["weights", "first", "second"],
    uniforms: { rate: "float32", epsilon: "float32" },
    dtype: "float32",
    shape: ({ weights }) => weights!.shape,
    code: `
      fn main(index: i32) {
        if (index >= uniforms.size) { return; }
        result[index] = weights[index] - uniforms.rate * first[index] / (sqrt(second[index]) + uniforms.epsilon);
      }`
  }
}

const run = (
  name: string,
  shader: Shader,
  backend: ShaderBackend,
  given: tf.NamedTensorInfoMap,
  attrs: tf.NamedAttrMap
): tf.TensorInfo => {
  const outputShape = shader.shape(given, attrs)
  const size = tf.util.sizeFromShape(outputShape)
  const uniforms = Object.entries(shader.uniforms ?? {})
  const program = {
    shaderKey: name,
    variableNames: shader.inputs,
    outputShape,
    dispatchLayout: { x: [...outputShape.keys()] },
    dispatch: [shader.groups?.(given, size) ?? Math.ceil(size / THREADS), 1, 1],
    workgroupSize: [THREADS, 1, 1],
    size: true,
    ...(shader.atomic === true ? { atomic: true } : {}),
    uniforms: uniforms.map(([uniform, type]) => `${uniform} : ${type === "int32" ? "i32" : "f32"}, `).join(""),
    getUserCode: () => shader.code
  }
  const inputs = shader.inputs.map((input) => given[input]!)
  const values = uniforms.map(([uniform, type]) => ({ type, data: [attrs[uniform] as number] }))
  const output = shader.atomic === true ? filledWithZeros(backend, outputShape, shader.dtype) : undefined
  return backend.runWebGPUProgram(program, inputs, shader.dtype, values, output)
}

/** Every shader as a kernel of tfjs's back end, by its name. */
export const registerShaders = (): void => {
  for (const [kernelName, shader] of Object.entries(shaders)) {
    tf.registerKernel({
      kernelName,
      backendName: "webgpu",
      kernelFunc: ({ inputs, attrs, backend }) => run(kernelName, shader, backend as ShaderBackend, inputs, attrs ?? {})
    })
  }
}
