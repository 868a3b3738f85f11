import { createHash } from "node:crypto"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Json } from "../../src/json/canonical-json.ts"
import type { BrowserData } from "../../src/report/browser/browser-data.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import type { ReportInput } from "../../src/report/page/subjects.ts"
import { tagsOf, textOf } from "./page-tags.ts"
import { absorption } from "./sample-absorption.ts"
import { interpretations, tokenTexts } from "./sample-latents.ts"
import { sampleReport } from "./sample-report.ts"
import { evaluation, saeInfo, sizes } from "./sample-sae.ts"

const page = scienceReport(sampleReport())
const tags = tagsOf(page)

const dataOf = (text: string): BrowserData => {
  const script = tagsOf(text).find(({ attributes }) => attributes["id"] === "data")
  return JSON.parse(script?.text ?? "") as BrowserData
}

/** The same value with the keys of every object in reverse order. */
const reordered = <A>(value: A): A =>
  Array.isArray(value)
    ? (value.map(reordered) as A)
    : typeof value === "object" && value !== null && !ArrayBuffer.isView(value)
      ? (Object.fromEntries(
          Object.entries(value)
            .toReversed()
            .map(([key, entry]) => [key, reordered(entry)])
        ) as A)
      : value

/** Every string of the value, but for names that choose something, replaced. */
const withTexts = <A>(value: A, text: string, key = ""): A => {
  if (typeof value === "string")
    return (/digest|sae|phase|type|letter|format|base|b_dec|unmatched|threshold_from/.test(key) ? value : text) as A
  if (Array.isArray(value)) return value.map((entry) => withTexts(entry as unknown, text, key)) as A
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withTexts(entry, text, name)])) as A
}

describe("science report", () => {
  it("is the same to the byte for equal inputs", () => {
    expect(scienceReport(structuredClone(sampleReport()))).toBe(page)
    expect(scienceReport(reordered(sampleReport()))).toBe(page)
  })

  it("needs no network, and lets only its own script run", () => {
    const policy = tags.find(({ attributes }) => attributes["http-equiv"] === "Content-Security-Policy")?.attributes[
      "content"
    ]
    const scripts = tags.filter(({ name }) => name === "script")
    expect(scripts).toHaveLength(2)
    const hash = createHash("sha256")
      .update(scripts[1]?.text ?? "")
      .digest("base64")
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain(`script-src 'sha256-${hash}'`)
    for (const { name, attributes } of tags) {
      expect(["link", "img", "iframe", "object", "embed", "base"]).not.toContain(name)
      expect(Object.keys(attributes).filter((attribute) => attribute === "src" || attribute.startsWith("on"))).toEqual(
        []
      )
      if (name === "a") expect(attributes["href"]).toMatch(/^#/)
    }
    expect(tags.find(({ name }) => name === "style")?.text).not.toMatch(/url\(|@import/)
  })

  it("closes every element that it opens", () => {
    const open: Array<string> = []
    const empty = new Set(["meta", "!doctype", "!--", "br", "input"])
    for (const { name, selfClosing } of tags) {
      if (name.startsWith("/")) expect(open.pop()).toBe(name.slice(1))
      else if (!empty.has(name) && !selfClosing) open.push(name)
    }
    expect(open).toEqual([])
  })

  it("shows what two SAEs have in common, and what each is by itself", () => {
    expect(textOf(page, "comparison")).toContain(
      "width 64 – width 256 0.7500 ± 0.0500 0.2000 – 0.6250 ± 0.0250 25.0 % 40.0 %"
    )
    expect(textOf(page, "comparison")).toContain("width 256 0.5000 ± 0.1000 0.2500 16 12.5 % 6.25 % 0.3750")
  })

  it("shades numbers of a table between the ends it gives", () => {
    expect(page).toContain('class="shaded" style="--a: 0.500">1.500<')
  })

  it("shows figures with half the width of their interval, and means over seeds where there are several", () => {
    const sample = sampleReport()
    const two = {
      ...sample,
      evaluations: [],
      interpretations: [],
      explanations: [],
      probings: [],
      saes: sample.saes.flatMap(({ at, value }) =>
        [0, 1].map((seed) => ({ at: { ...at, seed }, value: { ...value, digest: `${value.digest}-${seed}` } }))
      ),
      absorptions: sample.absorptions.flatMap(({ at, value }) =>
        [0.02, 0.04].map((mean, seed) => ({
          at: { ...at, seed },
          value: {
            ...value,
            mean_absorption_fraction: mean,
            intervals: { mean_absorption_fraction: { low: mean - 0.01, high: mean + 0.01 } }
          }
        }))
      )
    }
    const text = scienceReport(two)
    expect(textOf(text, "summary")).toContain("2.00 % ± 1.00 %")
    // Student's t of one degree of freedom is 12.706: 12.706 x 0.01 = 12.7 %.
    expect(textOf(text, "summary")).toContain("2 3.00 % ± 12.7 %")
    expect(textOf(text, "summary")).not.toContain("one seed")
    expect(textOf(page, "summary")).toContain("width 64; width 256: one seed: there is no interval over seeds")
  })

  it("begins a sweep with means over seeds, and shows one seed of each kind whole", () => {
    const sample = sampleReport()
    const seeds = [0, 1, 2, 3, 4]
    const again = <A>(placed: ReadonlyArray<{ readonly at: Readonly<Record<string, Json>>; readonly value: A }>) =>
      placed.flatMap(({ at, value }) => seeds.map((seed) => ({ at: { ...at, seed }, value })))
    const sweep = scienceReport({
      ...sample,
      evaluations: [],
      interpretations: [],
      explanations: [],
      probings: [],
      saes: sample.saes.flatMap(({ at, value }) =>
        seeds.map((seed) => ({ at: { ...at, seed }, value: { ...value, digest: `${value.digest}-${seed}` } }))
      ),
      absorptions: again(sample.absorptions),
      stitchings: again(sample.stitchings)
    })
    const summary = textOf(sweep, "summary")
    expect(summary.indexOf("Over seeds")).toBeLessThan(summary.indexOf("Each of the 10 SAEs by itself"))
    expect(summary).toContain("width 256, seed 4")
    const stitching = (sweep.split('id="stitching"')[1] ?? "").split("</section>")[0] ?? ""
    expect(stitching.split("<details>")).toHaveLength(5)
    expect(stitching.indexOf("<figure>")).toBeLessThan(stitching.indexOf("<details>"))
  })

  it("puts each SAE's figures in one row of the summary", () => {
    const summary = textOf(page, "summary")
    expect(summary).toContain(
      "width 64, seed 0 batch_topk 64 16 15.75 0.8125 0.9125 20.3 % 0.7500 control 0.0625 2.75 % 7.75 % 0.22 % 25"
    )
    expect(summary).toContain(
      "width 256, seed 0 batch_topk 256 16 15.75 0.9375 0.9125 5.08 % 0.7500 control 0.0625 2.75 % 7.75 % 0.22 % 25"
    )
  })

  it("shows every metric of an evaluation", () => {
    const text = textOf(page, "evaluation")
    expect(text).toContain("40,321 held-out rows of blocks.1.hook_resid_post")
    expect(text).toContain("ce_recovered 0.9125 0.9125")
    expect(text).toContain("mse 1.3e-4 1.3e-4")
    expect(text).toContain("width 64, seed 0: 13 dead, 4 dense")
  })

  it("says at an absorption figure what takes it back, once for all SAEs that it holds for", () => {
    const input = sampleReport()
    const summaryOf = (change: Partial<ReturnType<typeof absorption>>) =>
      textOf(
        scienceReport({
          ...input,
          absorptions: input.absorptions.map((each) => ({ ...each, value: { ...each.value, ...change } }))
        }),
        "summary"
      )
    expect(summaryOf({})).not.toMatch(/by ablation|undertrained/)
    const unmeasured = summaryOf({ mean_absorption_rate: null, word_effect: -0.01, rate_unmeasured: "an earlier hook" })
    expect(unmeasured.split("by projection alone, not by ablation: an earlier hook").length).toBe(2)
    expect(unmeasured.match(/% (± \S+ % )?not by ablation/g)?.length).toBe(2 * input.absorptions.length)
    expect(summaryOf({ warnings: ["it explains too little"] })).toMatch(/it explains too little[^]*SAE undertrained/)
    // Who asked for no ablation misses none.
    expect(summaryOf({ mean_absorption_rate: null, word_effect: null, rate_unmeasured: "not asked" })).not.toContain(
      "by ablation"
    )
  })

  it("shows why a metric has no number", () => {
    const whole = evaluation(64, "a", 0.8125)
    const { ce_recovered: _, ...metrics } = whole.metrics
    const unmeasured = { ce_recovered: "zeros do not harm the model" }
    const input = sampleReport()
    const text = scienceReport({
      ...input,
      evaluations: input.evaluations.map(({ at, value }, i) => ({
        at,
        value: i === 0 ? { ...value, metrics, unmeasured } : value
      }))
    })
    expect(textOf(text, "evaluation")).toContain("ce_recovered zeros do not harm the model 0.9125")
    expect(textOf(text, "summary")).toContain("0.8125 none 20.3 %")
  })

  it("shows what a crosscoder gives back of each source, and whose its latents are", () => {
    const hooks = ["blocks.0.hook_resid_post", "blocks.1.hook_resid_post"]
    const sources = hooks.map((hook) => ({ hook, model: "model", activations: hook, d_in: 96 }))
    const shares = [
      [1, 0],
      [0.55, 0.45],
      [0.5, 0.5],
      [0.1, 0.9],
      [0, 0]
    ] as const
    const crosscoder = { format: 1, sources, shares, own: [1, 1], shared: 2 } as const
    const figures = hooks.map((hook, m) => {
      const metrics = { kl_sae: 0.5 + m, kl_sae_low: 0.25 + m, kl_sae_high: 0.75 + m, kl_recovered_mean: 0.875 }
      return { hook, model: "model", activations: hook, explained_variance: 0.75 + m / 8, mse: 2, cosine: 0.9, metrics }
    })
    const measured = { ...evaluation(5, "cross", 0.8125), activations: null, model: null, hook: null, sources: figures }
    const text = scienceReport({
      ...sampleReport(),
      saes: [{ at: {}, value: { ...saeInfo(5, "cross"), hook: null }, crosscoder }],
      evaluations: [{ at: {}, value: { ...measured, contexts: { count: 0, whole: 0, targets: 0 } } }]
    })
    expect(textOf(text, "evaluation")).toContain(`40,321 held-out rows of ${hooks[0]} , ${hooks[1]} .`)
    const shown = textOf(text, "sources")
    expect(shown).toContain(
      `5 latents ${hooks[0]} 0.7500 0.5000 ± 0.2500 0.8750 1 5 latents ${hooks[1]} 0.8750 1.500 ± 0.2500 0.8750 1 5 latents shared – – – 2`
    )
    // Shares of the second source; the latent without a decoder row is in no bar.
    const bars = tagsOf(text).flatMap(({ name, text: title }) => (name === "title" ? [title] : []))
    expect(bars.filter((bar) => / to .*: 1 latents$/.test(bar) && !bar.includes("10"))).toEqual([
      "0 to 0.025: 1 latents",
      "0.45 to 0.475: 1 latents",
      "0.5 to 0.525: 1 latents",
      "0.9 to 0.925: 1 latents"
    ])
  })

  it("draws the stitching path from the small SAE's error to the large one's, and marks the steps that rise", () => {
    const begins = tags.findIndex(
      ({ attributes }) => attributes["aria-label"] === "Mean squared error along the stitching path"
    )
    // Its lines are an svg of their own, which stretches.
    const [, ends = 0] = tags.flatMap(({ name }, n) => (n > begins && name === "svg" ? [n] : []))
    const path = tags
      .slice(begins, ends)
      .filter(({ attributes }) => attributes["class"]?.startsWith("line l"))
      .flatMap(({ attributes }) => (attributes["points"] ?? "").split(" ").map((point) => point.split(",").map(Number)))
    const [first, last] = [path[0], path.at(-1)]
    const [small, large] = tags.filter(({ name, attributes }) => name === "line" && attributes["class"] === "reference")
    expect(first?.[1]).toBe(Number(small?.attributes["y1"]))
    expect(last?.[1]).toBe(Number(large?.attributes["y1"]))
    expect(tags.filter(({ name, attributes }) => name === "circle" && attributes["class"] === "rise")).toHaveLength(2)
    expect(textOf(page, "stitching")).toContain("2 of 10 steps raise the MSE")
    expect(textOf(page, "stitching")).toContain("step 2 (insert): MSE rises to")
    expect(textOf(page, "stitching")).toContain("Cross-entropy along the path")
    expect(textOf(page, "stitching")).toContain("Latents added alone to the small SAE")
  })

  it("has a part for each class of words that absorption was measured of, and says why a rate is missing", () => {
    const of = absorption(64)
    const number = {
      ...of,
      task: "number" as const,
      model: { ...of.model, accuracy: null },
      mean_absorption_rate: null,
      word_effect: -0.01,
      rate_unmeasured: "take an earlier hook"
    }
    const input = {
      ...sampleReport(),
      absorptions: [of, number].map((value) => ({ at: { width: 64, seed: 0 }, value }))
    }
    const text = textOf(scienceReport(input), "absorption")
    expect(text).toContain("Absorption of first letters")
    expect(text).toContain("Absorption of number A linear probe tells the classes of 1,500 words")
    expect(text).toContain("width 64, seed 0: no absorption rate by ablation: take an earlier hook")
  })

  it("has a bar for each letter, and says why one has none", () => {
    const text = textOf(page, "absorption")
    expect(text).toContain("d: mean fraction 3.00 %, fully absorbed 3 of 18 words, probe F1 0.9000")
    expect(text).toContain("x: not evaluated, the probe's F1 is 0.400, not above 0.8")
    expect(text).toContain("over words, not over seeds: of first letters, another seed moves the share more.")
    expect(text).toContain("8 (short, <i>sea</i>)")
    expect(text).toContain("9 (<i>sand</i>, -2.75")
    expect(text).toContain("150 of 150")
    expect(tags.filter(({ attributes }) => attributes["class"] === "off")).toHaveLength(2)
    expect(
      tags.filter(({ attributes }) => attributes["class"] === "mark" && attributes["x1"] !== undefined)
    ).toHaveLength(50)
  })

  it("shows what a language model says of latents, the best told first, beside what another explanation tells", () => {
    const text = textOf(page, "explanations")
    expect(text).toContain("Detection Detection, shuffled Detection, contrast")
    expect(text).toContain("width 256, seed 0 a-model, from examples 2 2 0.7500 0.5000 0.5500")
    expect(text).toContain("8 names of cats 0.9000 0.5000 1 words <of> the sea 0.6000 0.5000")
  })

  it("compares the meta-SAE with random rows", () => {
    expect(textOf(page, "meta-latents")).toContain("of 256 latents 64 0 4 3.900 46.3 % 12.5 %")
  })

  it("hands every explained latent to the browser, with its examples and scores", () => {
    const { subjects, metas } = dataOf(page)
    const file = interpretations(256, "sae-large")
    expect(subjects.map(({ label }) => label)).toEqual(["width 64, seed 0", "width 256, seed 0"])
    expect(subjects[1]?.texts).toEqual(tokenTexts)
    const [latent] = subjects[1]?.latents ?? []
    expect(latent?.id).toBe(1)
    expect(latent?.text).toBe(file.latents[0]?.explanation)
    expect(latent?.score).toEqual([0.75, 0.0625, 0.75, 0.75, 0.8749, 30, 10, 10])
    expect(latent?.top).toEqual([[1000, 2, [2, 3, 4, 5], [0, 1.5, 12.5, 0]]])
    expect(latent?.promoted).toEqual([
      [1, 3.25],
      [4, 2]
    ])
    // Latent 1 of the large SAE in the stitching: delta -0.02, cosine 0.11, nearest 1.
    expect(latent?.stitch).toEqual([-0.02, 0.11, 1])
    expect(subjects[0]?.latents[0]?.stitch).toBeUndefined()
    expect(subjects[1]?.latents[2]?.score).toBeNull()
    expect(metas[0]?.base).toBe(1)
    // Latent 8 comes after eight latents with two meta-latents each.
    expect(metas[0]?.counts).toEqual(Array.from({ length: 256 }, () => 2))
    expect(metas[0]?.ids.slice(16, 18)).toEqual([8, 9])
    expect(metas[0]?.activations.slice(16, 18)).toEqual([0.75, 0.25])
  })

  it("leads to the small SAE that a figure is about, and nowhere where the page does not show it", () => {
    const [{ at, value }] = sampleReport().stitchings as [ReportInput["stitchings"][number]]
    const elsewhere = { at, value: { ...value, small: { ...value.small, digest: "another SAE" } } }
    const from = (stitchings: ReportInput["stitchings"]) =>
      dataOf(scienceReport({ ...sampleReport(), stitchings })).subjects.map(({ stitchedFrom }) => stitchedFrom)
    expect(from([{ at, value }])).toEqual([undefined, 0])
    expect(from([elsewhere, { at, value }])).toEqual([undefined, undefined])
  })

  it("shows what there is: no section without its input", () => {
    const nothing: ReportInput = {
      ...sampleReport(),
      saes: sampleReport().saes.map(({ at, value }) => ({ at, value })),
      evaluations: [],
      interpretations: [],
      explanations: [],
      absorptions: [],
      stitchings: [],
      comparisons: [],
      figures: [],
      metaSaes: [],
      metaAnalyses: [],
      metaEdits: [],
      sizes: [],
      probings: []
    }
    const ids = (text: string) =>
      tagsOf(text)
        .filter(({ name }) => name === "section")
        .map(({ attributes }) => attributes["id"])
    expect(ids(page)).toEqual([
      "summary",
      "controls",
      "sizes",
      "latents",
      "explanations",
      "sweep",
      "training",
      "evaluation",
      "comparison",
      "stitching",
      "absorption",
      "probing",
      "meta-latents",
      "analyses",
      "meta-analysis",
      "meta-edits",
      "explorer"
    ])
    expect(ids(scienceReport(nothing))).toEqual(["summary"])
    expect(ids(scienceReport({ ...nothing, saes: [] }))).toEqual([])
    const alone = scienceReport({ ...nothing, saes: [], absorptions: sampleReport().absorptions })
    expect(ids(alone)).toEqual(["summary", "sweep", "absorption"])
    expect(textOf(alone, "summary")).toContain("width 64, seed 0 64")
  })

  it("shows sparse probes beside the activation's own numbers and beside shuffled labels", () => {
    const text = textOf(page, "probing")
    expect(text).toContain("width 64, seed 0 0.8750 ± 0.0250 0.8125 0.5313 ± 0.0813")
    expect(text).toContain("past tense 128 test rows; latent 7 0.8750 ± 0.0250 0.8125 0.5313")
    const controls = textOf(page, "controls")
    expect(controls).toContain("Probing AUC, k 1 width 64 0.8750 ± 0.0250 shuffled labels 0.5313 ± 0.0813 +0.3438 yes")
  })

  it("shows figures beside their controls, means over seeds, and whether they differ by more than their noise", () => {
    const sample = sampleReport()
    const [sae] = sample.saes as [(typeof sample.saes)[number]]
    const [measured] = sample.evaluations as [(typeof sample.evaluations)[number]]
    const runs = [
      { at: { k: 8, seed: 0 }, ev: 0.9 },
      { at: { k: 8, seed: 1 }, ev: 0.92 },
      { at: { k: 8, seed: 0, control: "frozen decoder" }, ev: 0.5 },
      { at: { k: 8, seed: 1, control: "frozen decoder" }, ev: 0.52 },
      { at: { k: 8, seed: 0, control: "untrained model" }, ev: 0.9 },
      { at: { k: 8, seed: 1, control: "untrained model" }, ev: 0.93 },
      { at: { k: 9, seed: 0, control: "untrained model" }, ev: 0.1 }
    ].map((run, i) => ({ ...run, digest: String(i) }))
    const text = scienceReport({
      ...sample,
      saes: runs.map(({ at, digest }) => ({ at, value: { ...sae.value, digest } })),
      evaluations: runs.map(({ digest, ev }) => ({
        at: {},
        value: { ...measured.value, sae: digest, metrics: { explained_variance: ev } }
      })),
      interpretations: [],
      explanations: [],
      absorptions: [],
      stitchings: []
    })
    const controls = textOf(text, "controls")
    // Student's t of one degree of freedom: 12.706 x 0.01 = 0.127; with the other half 0.18.
    expect(controls).toContain("EV k 8 0.9100 ± 0.1271 frozen decoder 0.5100 ± 0.1271 +0.4000 yes")
    expect(controls).toContain("EV k 8 0.9100 ± 0.1271 untrained model 0.9150 ± 0.1906 -0.0050 no")
    expect(controls).toContain("Decoder variance explained of 256 latents 46.3 % random unit rows 12.5 % +33.8 % –")
    expect(controls).not.toContain("k 9")
  })

  it("shows which size is best at which task, and by more than its noise or not", () => {
    expect(textOf(page, "sizes")).toContain(
      "k 8 64 latents 256 latents Best reconstruction 0.8000 ± 0.0100 0.9000 ± 0.0200 256 before 64 by 0.1000, more than its noise of 0.0224"
    )
    expect(textOf(page, "sizes")).not.toContain("not over seeds")
    const [first] = sizes.tasks
    const oneSeed = { ...first!, sizes: first!.sizes.map((size) => ({ ...size, saes: size.d_sae === 64 ? 1 : 3 })) }
    const alone = { at: {}, value: { ...sizes, tasks: [oneSeed] } }
    expect(textOf(scienceReport({ ...sampleReport(), sizes: [alone] }), "sizes")).toContain(
      "more than its noise of 0.0224, which is not over seeds"
    )
    expect(textOf(page, "sizes")).toContain("stitching – 0.3000 neither way is better")
  })

  it("shows what meta-latents are, and what edits by them do", () => {
    expect(textOf(page, "meta-analysis")).toContain(
      "seed 0 63 of 64 32 latents 0.5000 ± 0.0500 0.2500 12.5 % 0.0 % 46.3 % 37.5 % 6.25 % 20.0 % 2.00 %"
    )
    const edits = textOf(page, "meta-edits")
    expect(edits).toContain("seed 0 3 -2 0.2500 4 1 -0.5000")
    // The most selective one first.
    expect(edits).toContain('12 2 " cat" -3 0.5000 -4 11 1')
  })

  it("puts results of several seeds of one width with their own SAE", () => {
    const sample = sampleReport()
    const seeds = [0, 1].map((seed) => ({ at: { seed }, digest: `seed ${seed}` }))
    const input: ReportInput = {
      ...sample,
      saes: seeds.map(({ at, digest }) => ({
        at,
        value: { ...(sample.saes[0] as (typeof sample.saes)[number]).value, digest }
      })),
      evaluations: seeds.map(({ digest }, i) => ({
        at: {},
        value: {
          ...(sample.evaluations[0] as (typeof sample.evaluations)[number]).value,
          sae: digest,
          metrics: { explained_variance: 0.5 + i / 4 }
        }
      })),
      absorptions: [{ at: { seed: 1 }, value: (sample.absorptions[0] as (typeof sample.absorptions)[number]).value }],
      interpretations: [],
      explanations: [],
      stitchings: [],
      comparisons: [],
      figures: [],
      metaSaes: [],
      metaAnalyses: [],
      metaEdits: [],
      sizes: [],
      probings: []
    }
    const summary = textOf(scienceReport(input), "summary")
    expect(summary).toContain("seed 0 batch_topk 64 16 0.5000 20.3 % – – –")
    expect(summary).toContain("seed 1 batch_topk 64 16 0.7500 20.3 % 2.75 % 7.75 % 0.22 % 25")
  })

  it("has the same structure whatever the texts in it say", () => {
    const structure = (text: string): ReadonlyArray<string> => tagsOf(text).map(({ name }) => name)
    const plain = structure(scienceReport(withTexts(sampleReport(), "plain")))
    const hostile = fc.oneof(
      fc.constantFrom(
        "</script><script>alert(1)</script>",
        "<!--",
        "--><b>",
        '"><i>',
        "'><i>",
        "</style>",
        "<!--run-->",
        "$&",
        "\u0000"
      ),
      fc.string({ unit: fc.constantFrom("<", ">", "&", '"', "'", "!--", "-->", "/", "script", " ", "=") })
    )
    fc.assert(
      fc.property(hostile, (text) => {
        expect(structure(scienceReport(withTexts(sampleReport(), text)))).toEqual(plain)
      }),
      { numRuns: 30 }
    )
  })
})
