import { assert, describe, expect, it } from "vitest"
import { chooseEdits } from "../../../src/analysis/meta-sae/choose-edits.ts"
import { chooseTarget, editEffect, logitChanges } from "../../../src/analysis/meta-sae/edit-effect.ts"

describe("the choice of edits", () => {
  // Tokyo = Japan + capital, Paris = France + capital, a latent of one part, a silent one of two.
  const [japan, france, capital] = [0, 1, 2]
  const codes = {
    rows: 4,
    d_sae: 3,
    offsets: Uint32Array.from([0, 2, 4, 5, 7]),
    latents: Uint32Array.from([japan, capital, france, capital, capital, japan, capital]),
    values: Float32Array.from([0.75, 0.5, 0.75, 0.625, 1, 0.5, 0.25])
  }
  const edits = chooseEdits(codes, [9, 9, 9, 0], (count) => count > 0, 10, 0).toSorted((a, b) => a.latent - b.latent)

  it("takes the strongest part out of latents that have two and fire, and puts in the one that tells it from the nearest", () => {
    expect(edits.map(({ latent }) => latent)).toEqual([0, 1])
    expect(edits[0]).toEqual({
      latent: 0,
      out: { id: japan, activation: 0.75 },
      swap: { latent: 1, in: { id: france, activation: 0.75 } }
    })
    expect(edits[1]!.swap).toEqual({ latent: 0, in: { id: japan, activation: 0.75 } })
  })

  it("takes no more than it is asked for", () => {
    expect(chooseEdits(codes, [9, 9, 9, 9], () => true, 1, 0)).toHaveLength(1)
  })
})

describe("the effect of an edit on logits", () => {
  // Two examples choose the target, two measure it.
  const clean = Float32Array.from([0, 0, 0, 1, 2, 3, 0, 0, 0, 1, 2, 3])
  const edited = Float32Array.from([1, 1, -1, 1, 2, 0, 1, 1, -2, 2, 2, 0])

  it("is told from the change that all logits have in common", () => {
    const shifted = edited.map((logit) => logit + 5)
    const changes = logitChanges(clean, edited, 3)
    for (const [i, change] of logitChanges(clean, shifted, 3).entries()) assert.approximately(change, changes[i]!, 1e-6)
    expect([...changes.subarray(3, 6)]).toEqual([1, 1, -2])
  })

  it("is of a target that other examples chose", () => {
    const changes = logitChanges(clean, edited, 3)
    expect(chooseTarget(changes, 3, -1)).toBe(2)
    // What happens on the second half changes no choice.
    const otherwise = edited.slice()
    otherwise.set([9, -9, 9, 9, -9, 9], 6)
    expect(chooseTarget(logitChanges(clean, otherwise, 3), 3, -1)).toBe(2)
  })

  it("is the target's shift, the others' root mean square, and the divergence, by hand", () => {
    const { shift, side, kl } = editEffect(clean, edited, 3, 2)
    // Third example: changes 1, 1, -2; fourth: 1, 0, -3 less -2/3.
    assert.approximately(shift, (-2 - 7 / 3) / 2, 1e-6)
    assert.approximately(side, (1 + Math.sqrt(((5 / 3) ** 2 + (2 / 3) ** 2) / 2)) / 2, 1e-6)
    const softmax = (logits: ReadonlyArray<number>) => {
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
      return logits.map((logit) => Math.exp(logit) / total)
    }
    const divergence = (p: ReadonlyArray<number>, q: ReadonlyArray<number>) =>
      softmax(p).reduce((sum, share, i) => sum + share * Math.log(share / softmax(q)[i]!), 0)
    const wanted = (divergence([0, 0, 0], [1, 1, -2]) + divergence([1, 2, 3], [2, 2, 0])) / 2
    assert.approximately(kl, wanted, 1e-6)
    expect(editEffect(clean, clean, 3, 2)).toEqual({ shift: 0, side: 0, kl: 0 })
  })
})
