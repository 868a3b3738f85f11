import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { smallSaesRoot } from "../kinds/sae/formats/small-saes.ts"
import { startHub } from "../source/hub/hub-server.ts"
import { cli, project, statuses } from "./run-cli.ts"

const token = "hf_of_a_person"

const experiment = `
stages:
  sae: { uses: import-sae, with: { source: "file:peer", hook: blocks.3.hook_resid_post } }
  back: { uses: export-sae, with: { sae: "\${{ stages.sae }}", format: dictionary_learning } }
  misnamed: { uses: export-sae, with: { sae: "\${{ stages.sae }}", format: dictionary_learning, model_name: gpt2 } }
  placeless: { uses: export-sae, with: { sae: "\${{ stages.sae }}", format: gemma_scope, fold: true, model_name: synthetic } }
  lossy: { uses: export-sae, with: { sae: "\${{ stages.sae }}", format: gemma_scope } }
`

let directory: string
let remove: () => void
beforeEach(() => {
  ;({ directory, remove } = project({ "x.yaml": experiment }))
  cpSync(join(smallSaesRoot, "dictionary_learning/MatryoshkaBatchTopKSAE"), join(directory, "peer"), {
    recursive: true
  })
})
afterEach(() => remove())

describe("SAEs of other libraries", () => {
  it("import-sae and export-sae run once, and what would lose something fails with the reason", async () => {
    const first = await cli(["run", "x.yaml", "--json", "--keep-going"], { cwd: directory })
    assert.strictEqual(first.code, 1, first.stderr)
    assert.deepStrictEqual(statuses(first), [
      "sae ran",
      "back ran",
      "misnamed failed",
      "placeless failed",
      "lossy failed"
    ])
    assert.match(first.stderr + first.stdout, /does not subtract b_dec from the input, this SAE does/)
    assert.match(first.stderr + first.stdout, /model_name is "gpt2", but the SAE says that it is of/)
    assert.match(first.stderr + first.stdout, /gemma_scope has no place for model_name/)

    const exported = await cli(["export", "x.yaml", "back", "out"], { cwd: directory })
    assert.strictEqual(exported.code, 0, exported.stderr)
    assert.includeMembers(readdirSync(join(directory, "out")), ["ae.pt", "config.json"])

    const hub = await startHub()
    hub.writers.add(token)
    const env = {
      HF_ENDPOINT: hub.url,
      HF_TOKEN: token,
      HF_HOME: join(directory, "hf"),
      HF_HUB_OFFLINE: "",
      HF_HUB_CACHE: ""
    }
    const published = await cli(["publish", "x.yaml", "back", "hf:me/sae@main/small", "--public"], {
      cwd: directory,
      env
    })
    assert.strictEqual(published.code, 0, published.stderr)
    assert.include(published.stderr, `${hub.url}/me/sae/tree/main/small: 4 files, in a new public repository`)
    const source = "stages.sae.with.source=hf:me/sae/small"
    const fetched = await cli(["run", "x.yaml", "back", "--json", "--set", source], { cwd: directory, env })
    await hub.close()
    // What it is written as again is what it was: so is the SAE in between.
    assert.deepStrictEqual(statuses(fetched), ["sae ran", "back hit"], fetched.stderr)

    const again = await cli(["run", "x.yaml", "back", "--json"], { cwd: directory })
    assert.deepStrictEqual(statuses(again), ["sae hit", "back hit"])
    const folded = await cli(["run", "x.yaml", "lossy", "--json", "--set", "stages.lossy.with.fold=true"], {
      cwd: directory
    })
    assert.strictEqual(folded.code, 0, folded.stderr)
  })

  it("convert writes, says what is left out, refuses with the reason, and never over anything", async () => {
    const convert = (...args: ReadonlyArray<string>) => cli(["convert", ...args], { cwd: directory })
    const to = await convert("peer", "saelens", "--to", "saelens")
    assert.strictEqual(to.code, 0, to.stderr)
    assert.match(
      to.stderr,
      /dictionary_learning to saelens: 2 files \(cfg\.json, sae_weights\.safetensors\) in saelens/
    )
    const back = await convert("saelens", "back", "--to", "dictionary_learning")
    assert.strictEqual(back.code, 0, back.stderr)
    // The library's own file is another archive of the same tensors; ours comes out the same from either.
    const direct = await convert("peer", "direct", "--to", "dictionary_learning")
    assert.strictEqual(direct.code, 0, direct.stderr)
    const bytes = (folder: string) => readFileSync(join(directory, folder, "ae.pt"))
    assert.isTrue(bytes("back").equals(bytes("direct")))

    const refused = await convert("peer", "gemma", "--to", "gemma_scope")
    assert.strictEqual(refused.code, 2)
    assert.match(refused.stderr, /dictionary_learning to gemma_scope is refused: Gemma Scope does not subtract b_dec/)
    assert.isFalse(existsSync(join(directory, "gemma")))
    const strict = await convert("peer", "gemma", "--to", "gemma_scope", "--fold", "--strict")
    assert.strictEqual(strict.code, 2)
    assert.match(
      strict.stderr,
      /is refused \(--strict\): gemma_scope has no place for .*k, the sizes of its Matryoshka/
    )
    assert.isFalse(existsSync(join(directory, "gemma")))
    const folded = await convert("peer", "gemma", "--to", "gemma_scope", "--fold")
    assert.strictEqual(folded.code, 0, folded.stderr)
    assert.match(folded.stderr, /warning: gemma_scope has no place for .*k, the sizes of its Matryoshka groups/)

    const full = await convert("peer", "back", "--to", "saelens")
    assert.strictEqual(full.code, 2)
    assert.match(full.stderr, /back is not an empty folder; nothing was written/)
    const nowhere = await convert("nothing", "x", "--to", "saelens")
    assert.match(nowhere.stderr, /nothing: there is no such file or folder/)
    mkdirSync(join(directory, "other"))
    writeFileSync(join(directory, "other/readme.txt"), "no SAE")
    const unknown = await convert("other", "x", "--to", "saelens")
    assert.strictEqual(unknown.code, 2)
    assert.match(
      unknown.stderr,
      /no SAE of a known format is here\. It holds readme\.txt; known are circuit_tracer: layer_N\.safetensors/
    )
  })
})
