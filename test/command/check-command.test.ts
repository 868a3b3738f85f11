import * as Result from "effect/Result"
import { describe, expect, it } from "vitest"
import { compile } from "../../src/plan/compile.ts"
import command from "../../stages/command.ts"

const problemsOf = (text: string): ReadonlyArray<string> => {
  const result = compile({
    experiment: { file: "x.yaml", text },
    assignments: [],
    catalog: { command },
    artifactKinds: ["Files"]
  })
  return Result.isSuccess(result) ? [] : result.failure.message.split("\n")
}

describe("a command's names", () => {
  it("are checked where they are written, before they become variables, folders and files", () => {
    const rule = "a name is made of letters, digits and _, no digit first"
    expect(
      problemsOf(
        `stages:
  a: { uses: command, with: { run: "true" } }
  b:
    uses: command
    with:
      run: "true"
      inputs:
        ../../etc: "\${{ stages.a }}"
        my-input: "\${{ stages.a }}"
        __proto__: "\${{ stages.a }}"
        fine_1: "\${{ stages.a }}"
  c:
    uses: command
    with:
      run: "true"
      values: { fine: 1, "a=b": 2 }
      env: [HOME, "A B", INPUT_x]
      secret: ["1X"]
      files: [sub/../fine.py, ../up.py, /etc/passwd, ..fine]
`
      )
    ).toEqual([
      `x.yaml:8:9 stages.b.with.inputs: "../../etc" cannot be the name of an input: ${rule}`,
      `x.yaml:9:9 stages.b.with.inputs: "my-input" cannot be the name of an input: ${rule}`,
      `x.yaml:10:9 stages.b.with.inputs: "__proto__" cannot be the name of an input: ${rule}`,
      `x.yaml:16:15 stages.c.with.values: "a=b" cannot become $VALUE_<name>: ${rule}`,
      `x.yaml:17:19 stages.c.with.env[1]: "A B" is no variable: ${rule}`,
      "x.yaml:17:26 stages.c.with.env[2]: INPUT_x is a variable that the stage sets itself",
      `x.yaml:18:16 stages.c.with.secret[0]: "1X" is no variable: ${rule}`,
      `x.yaml:19:31 stages.c.with.files[1]: "../up.py" is outside the project; give paths below the project's folder`,
      `x.yaml:19:41 stages.c.with.files[2]: "/etc/passwd" is outside the project; give paths below the project's folder`
    ])
  })
})
