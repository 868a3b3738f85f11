import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { DashboardText } from "../../src/kinds/dashboard/dashboard-text.ts"
import { type PackedLatent, packLatents, unpackLatents } from "../../src/report/browser/packed-latents.ts"
import { packText, unpackText } from "../../src/report/browser/packed-text.ts"

const id = fc.integer({ min: 0, max: 0x7fffffff })
const weight = fc.integer({ min: -9999, max: 9999 }).map((value) => value / 1000)
const pairs = fc.array(fc.tuple(id, weight), { maxLength: 4 })
const max = 8
const example = fc
  .array(fc.tuple(id, fc.integer({ min: 0, max: 65_535 })), { minLength: 1, maxLength: 6 })
  .chain((tokens) =>
    fc
      .record({ position: id, pivot: fc.nat({ max: tokens.length - 1 }) })
      .map(
        ({ position, pivot }) =>
          [position, pivot, tokens.map(([token]) => token), tokens.map(([, share]) => (share / 65_535) * max)] as const
      )
  )
/** Of some contexts of three tokens, the first of each no text; examples may stand in it or not. */
const text = fc.uniqueArray(fc.nat({ max: 40 }), { minLength: 1, maxLength: 5 }).chain((contexts) =>
  fc.array(id, { minLength: 3 * contexts.length, maxLength: 3 * contexts.length }).map((ids) => ({
    contextSize: 3,
    leading: 1,
    contexts: Int32Array.from(contexts).toSorted(),
    ids: Int32Array.from(ids)
  }))
)
/** Its tokens of a whole context, as an example. */
const inside = ({ contexts, ids }: DashboardText) =>
  [3 * (contexts[0] as number) + 2, 1, [ids[1] as number, ids[2] as number], [0, max]] as const

const latents: fc.Arbitrary<ReadonlyArray<PackedLatent & { readonly max: number }>> = fc.uniqueArray(
  fc.record(
    {
      id,
      max: fc.constant(max),
      histogram: fc.array(id, { maxLength: 5 }),
      top: fc.array(example, { maxLength: 3 }),
      bands: fc.array(fc.tuple(weight, weight, fc.array(example, { maxLength: 2 })), { maxLength: 2 }),
      promoted: pairs,
      suppressed: pairs,
      near: pairs,
      together: pairs,
      cosine: fc.constantFrom(-0.5, 0, 1),
      stitch: fc.tuple(weight, weight, fc.nat({ max: 65_535 }))
    },
    { requiredKeys: ["id", "max", "histogram", "top", "bands", "promoted", "suppressed", "near", "together"] }
  ),
  { selector: (latent) => latent.id, maxLength: 4 }
)

it("gives a text back as it was packed", () => {
  fc.assert(
    fc.property(text, (given) => {
      expect(unpackText(packText(given))).toEqual(given)
    })
  )
})

it("gives latents back as they were packed: numbers as they were written, activations to a 65,535th of the largest", () => {
  fc.assert(
    fc.property(latents, fc.option(text, { nil: undefined }), (drawn, whole) => {
      const given = drawn.map((latent) => ({
        ...latent,
        top: whole === undefined ? latent.top : [...latent.top, inside(whole)]
      }))
      const back = unpackLatents(packLatents(given, whole), whole)
      expect([...back.values()]).toEqual(given.map(({ max: _max, ...latent }) => latent))
    })
  )
})
