/** Products with matrices that stay as a GGUF file has them: those of the matrices that its reader makes of the same bytes. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import type { PackedRows } from "../../src/format/weight-tensors.ts"
import { readGgufModel } from "../../src/kinds/language-model/gguf/read-gguf-model.ts"
import { tensorTypes } from "../../src/kinds/language-model/gguf/tensor-types.ts"
import { decoderLogits } from "../../src/interp/decoder-logits.ts"
import { meanRow } from "../../src/model/blocks/matrix-rows.ts"
import { loadModel } from "../../src/model/load-model.ts"
import { logitGradient } from "../../src/model/logit-gradient.ts"
import { type RunnableModel, runModel } from "../../src/model/run-model.ts"
import { tokenLosses } from "../../src/model/unembed.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { productOfRows } from "../../src/tensor/kernels/fixed-sums.ts"
import {
  QuantizedMatrix,
  quantizedMatrix,
  quantizedProduct,
  quantizedRows
} from "../../src/tensor/kernels/quantized-matrix.ts"
import { encodeGguf, f32, text, u32 } from "../kinds/language-model/gguf/encode-gguf.ts"
import { decodedRows, randomRows, typeNamed } from "../kinds/language-model/gguf/random-rows.ts"

const types = [...tensorTypes.values()]

const wave = (n: number, seed: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7 + seed) * (i % 7 === 0 ? 8 : 0.5))

/** A Llama of two blocks, of seven types. */
const modelFile = () => {
  const [d, kv, d_mlp] = [256, 128, 512]
  const matrix = (name: string, type: string, rows: number, columns: number) => {
    const { type: number, bytes } = randomRows(typeNamed(type), rows, columns, name.length)
    return { name: `${name}.weight`, type: number, shape: [rows, columns], data: bytes }
  }
  const ones = (name: string) => ({
    name: `${name}.weight`,
    type: 0,
    shape: [d],
    data: new Uint8Array(new Float32Array(d).fill(1).buffer)
  })
  const block = (at: string) => [
    ones(`${at}.attn_norm`),
    matrix(`${at}.attn_q`, "Q4_K", d, d),
    matrix(`${at}.attn_k`, "Q8_0", kv, d),
    matrix(`${at}.attn_v`, "Q6_K", kv, d),
    matrix(`${at}.attn_output`, "Q4_0", d, d),
    ones(`${at}.ffn_norm`),
    matrix(`${at}.ffn_gate`, "Q5_1", d_mlp, d),
    matrix(`${at}.ffn_up`, "F16", d_mlp, d),
    matrix(`${at}.ffn_down`, "F32", d, d_mlp)
  ]
  const sizes = { block_count: 2, context_length: 64, embedding_length: d, feed_forward_length: d_mlp }
  const heads = { "attention.head_count": 4, "attention.head_count_kv": 2 }
  return encodeGguf(
    [
      ["general.architecture", text("llama")],
      ...Object.entries({ ...sizes, ...heads }).map(([name, n]) => [`llama.${name}`, u32(n)] as const),
      ["llama.attention.layer_norm_rms_epsilon", f32(1e-5)]
    ],
    [matrix("token_embd", "Q6_K", 99, d), ones("output_norm"), ...block("blk.0"), ...block("blk.1")]
  )
}

/** What is made of a model: activations, losses, the gradient of a logit with respect to what the first block gives, and the mean logit. */
const madeOf = (model: RunnableModel): ReadonlyArray<Float32Array> =>
  tf.tidy(() => {
    const tokens = { ids: Int32Array.from({ length: 24 }, (_, i) => (i * 37) % 99), batch: 2, time: 12 }
    const hooks = ["blocks.0.hook_resid_post", "ln_final.hook_normalized"]
    const { activations } = runModel(model, tokens, { hooks })
    const [first, last] = hooks.map((hook) => activations[hook] as tf.Tensor)
    const rows = tf.reshape<tf.Rank.R2>(last!, [24, -1])
    const { gradient, activation } = logitGradient(model, tokens, {
      hook: hooks[0] as string,
      scalar: (logits) => tf.sum(tf.slice(logits, [0, 11, 5], [2, 1, 1]))
    })
    const losses = Float32Array.from(tokenLosses(model, rows, tokens.ids))
    const mean = meanRow(model.weights.unembedding)
    const made = [first!, last!, gradient, mean].map((tensor) => tensor.dataSync<"float32">().slice())
    tf.dispose([activations, gradient, activation])
    return [...made, losses]
  })

/** The tokens that two directions promote and suppress, the strongest of each first. */
const promotedBy = (model: RunnableModel) => {
  const d = model.info.d_model
  const directions = { hook: "blocks.0.hook_resid_post", W_dec: wave(2 * d, 3), d_out: d }
  return decoderLogits(model, directions, [0, 1], 3)?.map(({ promoted, suppressed }) =>
    [...promoted, ...suppressed].map(({ token }) => token)
  )
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))

export const quantizedProductsContract = (): void => {
  describe("quantized matrices", () => {
    beforeAll(() => Effect.runPromise(loadEngine("tensorflow")))

    it("give the rows, the product and the gradient of the decoded matrix, to the bit, of all types and of several", () => {
      const part = fc.tuple(fc.constantFrom(...types), fc.integer({ min: 1, max: 70 }))
      const shape = fc.record({
        parts: fc.array(part, { minLength: 1, maxLength: 3 }),
        n: fc.integer({ min: 1, max: 14 }),
        width: fc.integer({ min: 1, max: 3 }),
        seed: fc.nat(1000)
      })
      fc.assert(
        fc.property(shape, ({ parts, n, width, seed }) => {
          const columns = width * Math.max(...parts.map(([type]) => Math.max(type.values, 32)))
          const packed = parts.map(([type, rows], i) => randomRows(type, rows, columns, seed + i))
          const rows = packed.reduce((sum, { rows: count }) => sum + count, 0)
          const before = tf.memory().numTensors
          tf.tidy(() => {
            const matrix = quantizedMatrix(packed, columns)
            const same = tf.tensor2d(decodedRows(packed, columns), [rows, columns])
            const x = tf.tensor2d(wave(n * columns, seed), [n, columns])
            expect(quantizedRows(matrix, tf.range(0, rows, 1, "int32")).dataSync()).toEqual(same.dataSync())
            const [product, wanted] = [quantizedProduct(x, matrix), productOfRows(x, same)]
            expect(product.shape).toEqual([n, rows])
            expect(product.dataSync()).toEqual(wanted.dataSync())
            const range = { first: rows >> 1, count: rows - (rows >> 1) }
            const some = tf.slice(wanted, [0, range.first], [n, range.count])
            expect(quantizedProduct(x, matrix, range).dataSync()).toEqual(some.dataSync())
            const gradient = tf.grad((of) => tf.sum(tf.square(quantizedProduct(of as tf.Tensor2D, matrix))))(x)
            expect(gradient.dataSync()).toEqual(tf.matMul(tf.mul(wanted, 2), same).dataSync())
          })
          expect(tf.memory().numTensors).toBe(before)
        }),
        { numRuns: 40 }
      )
    })

    it("every type is decoded, at the ends of a matrix whose rows are no whole panels", () => {
      for (const type of types) {
        const columns = 2 * Math.max(type.values, 32)
        const packed = randomRows(type, 67, columns, type.number)
        tf.tidy(() => {
          const wanted = decodedRows([packed], columns)
          const rows = quantizedRows(quantizedMatrix([packed], columns), tf.tensor1d([66, 0, 63, 64], "int32"))
          const expected = [66, 0, 63, 64].flatMap((row) => [...wanted.subarray(row * columns, (row + 1) * columns)])
          expect([...rows.dataSync()], type.name).toEqual(expected)
        })
      }
    })

    it("bytes that are not those of the rows are refused, and so is any other operation", () => {
      const packed = randomRows(typeNamed("Q8_0"), 3, 64, 1)
      tf.tidy(() => {
        const row = (at: number) => tf.tensor1d([at], "int32")
        const rows = (of: PackedRows, columns: number) => () => quantizedRows(quantizedMatrix([of], columns), row(0))
        expect(rows({ ...packed, bytes: packed.bytes.slice(1) }, 64)).toThrow("bytes are missing")
        expect(rows({ ...packed, rows: 2 }, 64)).toThrow("more bytes than rows")
        expect(rows({ ...packed, type: 9 }, 64)).toThrow("no such blocks")
        expect(rows(packed, 65)).toThrow("no such blocks")
        expect(() => quantizedRows(quantizedMatrix([packed], 64), row(3))).toThrow("no such row")
      })
    })

    it("a model of several types gives what it gives with the same weights in f32", () =>
      Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const { config, weights } = yield* readGgufModel([{ path: "x.gguf", file: bytesFile(modelFile()) }])
            const model = yield* loadModel({ config, weights: Effect.succeed(weights) })
            expect(model.weights.embedding).toBeInstanceOf(QuantizedMatrix)
            const { entries, float32 } = weights
            const same = yield* loadModel({ config, weights: Effect.succeed({ entries, float32 }) })
            expect(same.weights.embedding).not.toBeInstanceOf(QuantizedMatrix)
            const wanted = madeOf(same)
            for (const [i, values] of madeOf(model).entries()) {
              const other = wanted[i] as Float32Array
              expect(norm(values.map((x, at) => x - (other[at] as number))) / norm(other)).toBeLessThan(1e-5)
            }
            expect(promotedBy(model)).toEqual(promotedBy(same))
          })
        )
      ))
  })
}
