/** `cache gc`, `pin`, `unpin` and `rm` as a person types them. */
import { afterAll, assert, it } from "vitest"
import { session } from "./cli-session.ts"
import { project } from "./run-cli.ts"

const experiment = `
params: { word: { type: string, default: hello } }
stages:
  big:
    uses: command
    temp: true
    with: { run: 'yes $VALUE_w | head -c 200000 > "$OUTPUT/z"; echo $VALUE_w > "$OUTPUT/w"', values: { w: "\${{ params.word }}" } }
  small: { uses: command, with: { run: 'cat "$INPUT_big/w" > "$OUTPUT/w"', inputs: { big: "\${{ stages.big }}" } } }
`
const { directory, remove } = project({ "experiments/x.yaml": experiment })
afterAll(remove)
const file = "experiments/x.yaml"

it("room is made: shown with its price, done with --yes, records stay, pins hold", async () => {
  const said = await session(directory, [
    ["run", file, "--set", "word=old"],
    ["run", file],
    ["pin", file, "small"],
    ["cache", "gc", "--keep-days", "0"],
    ["cache", "gc", "--keep-days", "0", "--yes"],
    ["cache", "gc", "--keep-days", "0"],
    ["status", file, "--json"],
    ["rm", file, "small"],
    ["unpin", file, "small"],
    ["rm", file, "small", "--yes"],
    ["plan", file]
  ])
  const [, , pin, shown, done, again, status, pinned, unpin, rm, plan] = said
  assert.match(pin?.stdout ?? "", /^pinned small: [0-9a-f]{12}$/m)
  assert.match(shown?.stdout ?? "", /Files +195\.\d KiB +[\d.]+ s +superseded +big \(experiments\/x\.yaml\)/)
  assert.match(shown?.stdout ?? "", /intermediate +big/)
  assert.include(shown?.stderr, "nothing is removed yet: --yes does it")
  assert.match(done?.stderr ?? "", /^freed \d+\.\d KiB in .*; records stay/m)
  assert.include(again?.stderr, "nothing would go")
  const { stages } = JSON.parse(status?.stdout ?? "") as { stages: ReadonlyArray<{ id: string; action: string }> }
  assert.deepStrictEqual(
    stages.map(({ id, action }) => `${id} ${action}`),
    ["big hit", "small hit"]
  )
  assert.isTrue(pinned?.failed)
  assert.include(pinned?.stderr, "small is pinned: `pipeline unpin experiments/x.yaml 'small'` first")
  assert.include(unpin?.stderr, "1 pin removed")
  assert.include(rm?.stderr, "the next run computes what it needs of this")
  assert.include(plan?.stdout, "small: run")
  assert.match(plan?.stdout ?? "", /^to compute, stage after stage: about \d/m)
})
