/** What a person reads when something is wrong: the exact text, with line and column. */
import { assert, describe, it } from "vitest"
import * as Result from "effect/Result"
import * as Runtime from "effect/Runtime"
import { compile } from "../../src/plan/compile.ts"
import { file, problemsOf } from "../plan/compile-text.ts"
import { experiment, pipeline } from "../plan/example-files.ts"
import { catalog } from "../plan/fake-kinds.ts"

const expectProblems = (text: string, expected: ReadonlyArray<string>, assignments: ReadonlyArray<string> = []) =>
  assert.deepStrictEqual(problemsOf(file(text, assignments)), expected)

/** Lines 1 to 5 of a file with a capture; a test adds stages from line 6 on. */
const withCapture = (rest: string): string => `stages:
  model: { uses: load-model, with: { source: "builtin:m" } }
  text: { uses: load-text, with: { source: "builtin:t", model: "\${{ stages.model }}", tokens: 5 } }
  capture: { uses: capture-activations, with: { model: "\${{ stages.model }}", tokens: "\${{ stages.text }}", hook: h } }

${rest}`

const withSaes = (rest: string): string =>
  withCapture(`  sae:
    uses: train-sae
    matrix: { width: [512, 2048], seed: [0, 1] }
    with: { activations: "\${{ stages.capture }}", d_sae: "\${{ matrix.width }}", seed: "\${{ matrix.seed }}" }
${rest}`)

describe("the form of a file", () => {
  it("YAML syntax", () => {
    expectProblems("name: a\nstages: { x: [ }\n", [
      "x.yaml:2:16: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
      "x.yaml:2:17: not YAML: Flow map in block collection must be sufficiently indented and end with a }"
    ])
  })

  it("another encoding than UTF-8, whose letters would else be other letters", () => {
    const latin1 = Uint8Array.from([...Buffer.from("name: a\npipeline: caf"), 0xe9, 0x0a])
    expectProblems(new TextDecoder().decode(latin1), ["x.yaml:2:14: not UTF-8: save the file in that encoding"])
    expectProblems("n\0a\0m\0e\0", ["x.yaml:1:2: not UTF-8: save the file in that encoding"])
  })

  it("an empty file, a file that is no map, a file without stages", () => {
    expectProblems("", ["x.yaml:1:1: the file is empty"])
    expectProblems("- a\n", ['x.yaml:1:1: expected a map, got ["a"]'])
    expectProblems("name: a\n", [
      "x.yaml:1:1: an experiment names its pipeline (`pipeline: FILE`), or holds `stages:` itself"
    ])
    expectProblems("stages: {}\n", ["x.yaml:1:9 stages: a pipeline needs at least one stage"])
  })

  it("duplicate and unknown keys", () => {
    expectProblems(
      `name: a
paramz: {}
stages:
  model: { uses: load-model, with: { source: "builtin:m", source: "builtin:n" }, retires: 3 }
name: b
`,
      [
        'x.yaml:2:1 paramz: unknown key; did you mean "params"?',
        "x.yaml:4:59 stages.model.with.source: given twice, first in line 4",
        'x.yaml:4:82 stages.model.retires: unknown key; did you mean "retries"?',
        "x.yaml:5:1 name: given twice, first in line 1"
      ]
    )
  })

  it("an experiment with a pipeline that cannot be read, or with stages beside it", () => {
    expectProblems("pipeline: p.yaml\n", [
      "x.yaml:1:11 pipeline: cannot read p.yaml (relative to the folder of this file)"
    ])
    const text = "pipeline: p.yaml\nparamz: {}\nexecutor: { slrum: {} }\n"
    const unread = { file: "p.yaml", problem: "there is no such file" }
    assert.deepStrictEqual(problemsOf({ experiment: { file: "x.yaml", text }, pipeline: unread }), [
      "x.yaml:1:11 pipeline: p.yaml: there is no such file",
      'x.yaml:2:1 paramz: unknown key; did you mean "params"?',
      'x.yaml:3:13 executor.slrum: unknown key; did you mean "slurm"?'
    ])
    expectProblems("pipeline: p.yaml\nstages: {}\n", [
      "x.yaml:2:1 stages: the experiment names a pipeline, so the stages are that file's; leave out one of the two"
    ])
  })

  it("problems of both files are told at once, each in its own", () => {
    const text = "pipeline: p.yaml\nparams: { widhts: [3], tokens: many, hook: 5 }\n"
    const broken = { ...pipeline, text: pipeline.text.replace("uses: load-model", "uses: load-modl") }
    assert.deepStrictEqual(problemsOf({ experiment: { file: "e.yaml", text }, pipeline: broken }), [
      'e.yaml:2:11 params.widhts: the pipeline has no such parameter; did you mean "widths"?',
      'e.yaml:2:32 params.tokens: expected an integer, got "many"',
      "e.yaml:2:44 params.hook: expected a string, got 5; quote it",
      'pipelines/sae.yaml:12:20 stages.model.uses: there is no stage kind "load-modl"; did you mean "load-model"?'
    ])
  })

  it("the error has all problems and exit code 2", () => {
    const result = compile({ experiment: { file: "x.yaml", text: "a: 1\nb: 2\n" }, catalog, artifactKinds: [] })
    assert.isTrue(Result.isFailure(result))
    if (!Result.isFailure(result)) return
    assert.strictEqual(result.failure._tag, "SpecInvalid")
    assert.strictEqual(result.failure[Runtime.errorExitCode], 2)
    assert.strictEqual(result.failure.problems.length, 3)
  })
})

describe("parameters", () => {
  it("declarations: type, default, choices", () => {
    expectProblems(
      `params:
  a: { type: integr, default: 3 }
  b: { type: integer, default: abc }
  c: { default: abc }
  d: { type: source, default: data/x.txt }
  e: { type: list, items: integer, default: [1, x] }
  f: { type: string, choices: [a, b], default: z }
  g: { type: number }
  h: { type: integer, default: 1.5 }
  i: { type: source, default: "fil:x" }
  j: { type: number, default: "\${{ params.b }}" }
stages: { m: { uses: load-model, with: { source: "builtin:m" } } }
`,
      [
        'x.yaml:2:14 params.a.type: unknown type "integr"; did you mean "integer"?',
        'x.yaml:3:32 params.b.default: expected an integer, got "abc"',
        "x.yaml:4:3 params.c.type: missing: one of string, integer, number, boolean, source, list",
        'x.yaml:5:31 params.d.default: expected a source (builtin:, file:, gguf:, hf:, pypi:), got "data/x.txt"; a path is written "file:data/x.txt"',
        'x.yaml:6:49 params.e.default[1]: expected an integer, got "x"',
        'x.yaml:7:48 params.f.default: expected one of "a", "b", got "z"',
        "x.yaml:8:3 params.g: has no value: give it a default, or --set g=VALUE",
        "x.yaml:9:32 params.h.default: expected an integer, got 1.5",
        'x.yaml:10:31 params.i.default: expected a source (builtin:, file:, gguf:, hf:, pypi:), got "fil:x"',
        "x.yaml:11:31 params.j.default: expressions are not evaluated here, only in the stages of a pipeline"
      ]
    )
  })

  it("one that the pipeline needs and the experiment does not give", () => {
    const text = pipeline.text.replace("type: string, default: blocks.2.hook_resid_post", "type: string")
    const missing = { experiment: { file: "e.yaml", text: "pipeline: p.yaml\n" }, pipeline: { ...pipeline, text } }
    assert.deepStrictEqual(problemsOf(missing), [
      "e.yaml:1:1 params.hook: missing: the pipeline needs it (string, pipelines/sae.yaml:7)"
    ])
  })
})

describe("with", () => {
  it("values of the wrong type, unknown and missing names", () => {
    expectProblems(
      withCapture(`  sae:
    uses: train-sae
    with:
      d_sae: 12.5
      kk: 3
      k: none
      architecture: relu
      layers: [1, x]
      threshold: a
`),
      [
        "x.yaml:8:5 stages.sae.with.activations: missing: train-sae needs it (Activations: what to train on)",
        "x.yaml:9:14 stages.sae.with.d_sae: expected integer >= 1, got 12.5",
        'x.yaml:10:7 stages.sae.with.kk: train-sae takes no "kk"; did you mean "k"?',
        'x.yaml:11:10 stages.sae.with.k: expected integer >= 1, got "none"',
        'x.yaml:12:21 stages.sae.with.architecture: expected one of topk, batch_topk, got "relu"',
        'x.yaml:13:15 stages.sae.with.layers: expected list of integer, got [1,"x"]; [1] is "x"',
        'x.yaml:14:18 stages.sae.with.threshold: expected number or null, got "a"'
      ]
    )
  })

  it("a value that came from a parameter is told with the line it is from", () => {
    expectProblems(
      `params:
  n: { type: string, default: many }
stages:
  model: { uses: load-model, with: { source: "builtin:m" } }
  text: { uses: load-text, with: { source: "\${{ params.n }}", model: "\${{ stages.model }}", tokens: "\${{ params.n }}" } }
`,
      [
        'x.yaml:5:44 stages.text.with.source: expected a source (builtin:, file:, gguf:, hf:, pypi:), got "many" (from x.yaml:2)',
        'x.yaml:5:101 stages.text.with.tokens: expected integer >= 1, got "many" (from x.yaml:2)'
      ]
    )
  })

  it("the kind's own check", () => {
    expectProblems(
      withCapture(`  sae: { uses: train-sae, with: { activations: "\${{ stages.capture }}", d_sae: 8, k: 9 } }
  other: { uses: train-sae, with: { activations: "\${{ stages.capture }}", d_sae: 8 } }
  made: { uses: command, with: { run: x, output: Sea } }
  twice: { uses: train-sae, with: { activations: "\${{ stages.capture }}", d_sae: 99, layers: [1, 2, 1] } }
`),
      [
        "x.yaml:6:86 stages.sae.with.k: k 9 is above d_sae 8",
        "x.yaml:7:29 stages.other.with.k: k 32 is above d_sae 8",
        'x.yaml:8:50 stages.made.with.output: there is no artifact kind "Sea"; did you mean "Sae"?',
        "x.yaml:9:101 stages.twice.with.layers[2]: layer 1 is there already; leave it out"
      ]
    )
  })

  it("an artifact of the wrong kind, a value in the place of an artifact and the other way round", () => {
    expectProblems(
      withSaes(`  a: { uses: train-meta-sae, with: { sae: "\${{ stages.capture }}" } }
  b: { uses: train-meta-sae, with: { sae: capture } }
  c: { uses: train-meta-sae, with: { sae: "\${{ stages.sae[*] }}" } }
  d: { uses: train-meta-sae, with: { sae: "\${{ stages.a }}", k: "\${{ stages.a }}" } }
  e: { uses: report, with: { saes: ["\${{ stages.sae[*] }}", "\${{ stages.text }}"], evaluations: 3 } }
  f: { uses: command, with: { run: "echo \${{ stages.a }}", inputs: { x: a } } }
`),
      [
        "x.yaml:10:43 stages.a.with.sae: takes a Sae, but capture makes an Activations",
        'x.yaml:11:43 stages.b.with.sae: expected one artifact, got "capture"; did you mean "${{ stages.capture }}"?',
        "x.yaml:12:43 stages.c.with.sae: takes one artifact, got a list of 4: select one by its coordinates",
        "x.yaml:13:65 stages.d.with.k: expected integer, got the artifact of a",
        "x.yaml:14:36 stages.e.with.saes: takes a Sae, but text makes a Tokens",
        "x.yaml:14:97 stages.e.with.evaluations: expected a list of artifacts, such as ${{ stages.NAME }}, got 3",
        "x.yaml:15:36 stages.f.with.run: the artifact of a cannot stand inside a text: let the expression be the whole value",
        'x.yaml:15:70 stages.f.with.inputs.x: expected one artifact or a list of them, got "a"; did you mean "${{ stages.a }}"?'
      ]
    )
  })

  it("a command's output is of the kind that its parameter names", () => {
    expectProblems(
      `stages:
  a: { uses: command, with: { run: x, output: Sae } }
  b: { uses: command, with: { run: x } }
  m: { uses: train-meta-sae, with: { sae: "\${{ stages.a }}" } }
  n: { uses: train-meta-sae, with: { sae: "\${{ stages.b }}" } }
`,
      ["x.yaml:5:43 stages.n.with.sae: takes a Sae, but b makes a Files"]
    )
  })

  it("resources, retries and time limits", () => {
    expectProblems(
      `stages:
  a:
    uses: command
    with: { run: x }
    resources: { gpu: many, vram: 8 Gig, cpus: 2 }
    retries: -1
    timeout: soon
`,
      [
        'x.yaml:5:23 stages.a.resources.gpu: expected a number of GPUs (0, 1, ...), got "many"',
        'x.yaml:5:35 stages.a.resources.vram: expected a size with its unit, such as 8 GiB (a number alone is bytes, at least a MiB of them), got "8 Gig"',
        'x.yaml:5:42 stages.a.resources.cpus: unknown key; did you mean "cpu"?',
        "x.yaml:6:14 stages.a.retries: expected a number of retries (0, 1, ...), got -1",
        'x.yaml:7:14 stages.a.timeout: expected a duration such as 6 hours, got "soon"'
      ]
    )
  })
})

describe("sizes", () => {
  it("a number without a unit is bytes, and so few of them are meant in another unit", () => {
    const sized = (size: string | number) =>
      `stages: { a: { uses: command, with: { run: x }, resources: { vram: ${size} } } }\n`
    const expected = "expected a size with its unit, such as 8 GiB (a number alone is bytes, at least a MiB of them)"
    for (const few of [3, 8192, 2 ** 20 - 1]) {
      expectProblems(sized(few), [`x.yaml:1:68 stages.a.resources.vram: ${expected}, got ${few}`])
    }
    for (const meant of [0, 2 ** 20, "3 B", "3 GiB"]) expectProblems(sized(meant), [])
  })
})

describe("references", () => {
  it("names that do not exist", () => {
    expectProblems(
      withSaes(`  a: { uses: train-meta-sae, with: { sae: "\${{ stages.sea }}", k: "\${{ params.k }}" } }
  b: { uses: train-meta-sae, with: { sae: "\${{ stage.sae }}", k: "\${{ matrix.k }}" } }
  c: { uses: train-meta-sae, needs: [saee, 3], with: { sae: "\${{ stages.sae[*]" } }
`),
      [
        'x.yaml:10:43 stages.a.with.sae: there is no stage "sea"; did you mean "sae"?',
        'x.yaml:10:67 stages.a.with.k: there is no parameter "k"',
        'x.yaml:11:43 stages.b.with.sae: cannot read ${{ stage.sae }}: write params.NAME, matrix.AXIS or stages.NAME[axis=value]; did you mean "stages"?',
        "x.yaml:11:66 stages.b.with.k: there is no matrix.k: the stage has no matrix",
        'x.yaml:12:38 stages.c.needs: there is no stage "saee"; did you mean "sae"?',
        "x.yaml:12:44 stages.c.needs: expected the name of a stage, got 3",
        "x.yaml:12:61 stages.c.with.sae: ${{ without its }}"
      ]
    )
  })

  it("selectors that match several or nothing list what there is", () => {
    expectProblems(
      withSaes(`  a: { uses: train-meta-sae, with: { sae: "\${{ stages.sae }}" } }
  b: { uses: train-meta-sae, with: { sae: "\${{ stages.sae[width=512] }}" } }
  c: { uses: train-meta-sae, with: { sae: "\${{ stages.sae[width=513, seed=0] }}" } }
  d: { uses: train-meta-sae, with: { sae: "\${{ stages.sae[wdth=512, seed=0] }}" } }
  e: { uses: train-meta-sae, with: { sae: "\${{ stages.sae[512] }}" } }
  f: { uses: train-sae, with: { activations: "\${{ stages.capture[seed=0] }}", d_sae: 40 } }
`),
      [
        "x.yaml:10:43 stages.a.with.sae: stages.sae matches 4: [width=512,seed=0], [width=512,seed=1], [width=2048,seed=0], [width=2048,seed=1]; select one, or write stages.sae[*] for all",
        "x.yaml:11:43 stages.b.with.sae: stages.sae[width=512] matches 2: [width=512,seed=0], [width=512,seed=1]; name more coordinates, or stages.sae[*] for all",
        "x.yaml:12:43 stages.c.with.sae: stages.sae[width=513, seed=0] matches nothing; there are [width=512,seed=0], [width=512,seed=1], [width=2048,seed=0], [width=2048,seed=1]",
        'x.yaml:13:43 stages.d.with.sae: sae has no axis "wdth"; did you mean "width"?',
        "x.yaml:14:43 stages.e.with.sae: cannot read the selector [512]: write [*], or [axis=value, ...] with a value, first, last or *",
        "x.yaml:15:46 stages.f.with.activations: capture has no matrix, so nothing can be selected of it"
      ]
    )
  })

  it("a cycle is printed as a path, and its stages are still checked", () => {
    expectProblems(
      `stages:
  a: { uses: command, with: { run: 3, inputs: { x: "\${{ stages.c }}" } } }
  b: { uses: command, with: { run: x, inputs: { x: "\${{ stages.a }}" } } }
  c: { uses: command, needs: b, with: { run: x } }
  d: { uses: command, needs: d, with: { run: x } }
`,
      [
        "x.yaml:2:3 stages.a: the stages need each other in a circle: a -> c -> b -> a",
        "x.yaml:2:36 stages.a.with.run: expected string, got 3; quote it",
        "x.yaml:5:3 stages.d: the stages need each other in a circle: d -> d"
      ]
    )
  })

  it("a fault in one stage raises no further ones below it", () => {
    expectProblems(
      `stages:
  a: { uses: load-modl, with: { source: "builtin:m" } }
  b: { uses: load-text, with: { source: "builtin:t", model: "\${{ stages.a }}", tokens: 5 } }
  c: { uses: capture-activations, with: { model: "\${{ stages.a }}", tokens: "\${{ stages.b }}", hook: h } }
`,
      ['x.yaml:2:14 stages.a.uses: there is no stage kind "load-modl"; did you mean "load-model"?']
    )
  })
})

describe("matrix", () => {
  const matrix = (text: string): string =>
    withCapture(`  sae:
    uses: train-sae
    matrix: ${text}
    with: { activations: "\${{ stages.capture }}", d_sae: "\${{ matrix.width }}" }
`)

  it("axes without values, with the same value twice, or that are no lists", () => {
    expectProblems(matrix("{ width: [] }"), [
      "x.yaml:8:22 stages.sae.matrix.width: the axis has no values, so the stage would have no instance"
    ])
    expectProblems(matrix("{ width: [512, 512] }"), [
      "x.yaml:8:13 stages.sae.matrix: the matrix gives sae[width=512] twice"
    ])
    expectProblems(matrix("{ width: 512 }"), [
      "x.yaml:8:22 stages.sae.matrix.width: an axis is a list of values or of artifacts, got 512"
    ])
  })

  it("exclude of an unknown axis, or of everything", () => {
    expectProblems(matrix("{ width: [512], exclude: [{ widt: 512 }] }"), [
      'x.yaml:8:47 stages.sae.matrix.exclude: the matrix has no axis "widt"; did you mean "width"?'
    ])
    expectProblems(matrix("{ width: [512], exclude: [{ width: 512 }] }"), [
      "x.yaml:8:13 stages.sae.matrix: the matrix leaves no instance"
    ])
  })

  it("a value that only some rows have", () => {
    expectProblems(
      withCapture(`  sae:
    uses: train-sae
    matrix: { width: [512, 2048], include: [{ width: 512, lr: 0.1 }] }
    with: { activations: "\${{ stages.capture }}", d_sae: "\${{ matrix.width }}", lr: "\${{ matrix.lr }}" }
`),
      ["x.yaml:9:85 stages.sae.with.lr: sae[width=2048] has no matrix.lr; there is only width"]
    )
  })
})

describe("--set and overrides", () => {
  const wrong = (assignment: string) => problemsOf({ experiment, pipeline, assignments: [assignment] })

  it("are told with the argument as the place", () => {
    assert.deepStrictEqual(wrong("tokens"), ["--set tokens: has no value: write NAME=VALUE"])
    assert.deepStrictEqual(wrong("tokens=x"), ['--set tokens=x params.tokens: expected an integer, got "x"'])
    assert.deepStrictEqual(wrong("tokns=5"), [
      '--set tokns=5 params.tokns: the pipeline has no such parameter; did you mean "tokens"?'
    ])
    assert.deepStrictEqual(wrong("widths=[1, x]"), [
      '--set widths=[1, x] params.widths[1]: expected an integer, got "x"'
    ])
    assert.deepStrictEqual(wrong("widths=[1"), ["--set widths=[1: not YAML: Flow sequence must end with a ]"])
    assert.deepStrictEqual(wrong("stages.sea.with.k=3"), [
      '--set stages.sea.with.k=3: there is no stage "sea"; did you mean "sae"?'
    ])
    assert.deepStrictEqual(wrong("stages.sae.with.kk=3"), [
      '--set stages.sae.with.kk=3 stages.sae.with.kk: train-sae takes no "kk"; did you mean "k"?'
    ])
    assert.deepStrictEqual(wrong("stages.sae[width=3].with.k=3"), [
      "--set stages.sae[width=3].with.k=3: stages.sae[width=3] matches nothing; there are [width=4096,seed=0], [width=16384,seed=0]"
    ])
    assert.deepStrictEqual(wrong("stages.sae.uses=3"), [
      '--set stages.sae.uses=3: "uses" of a stage cannot be set; there are with, matrix, resources, retries, timeout, temp'
    ])
    assert.deepStrictEqual(wrong("stages.sae.with=3"), [
      '--set stages.sae.with=3: "with" needs a name behind it: with.NAME'
    ])
    assert.deepStrictEqual(wrong("a.b.c=3"), [
      '--set a.b.c=3: cannot read "a.b.c": write params.NAME, or stages.NAME.with.PARAM, with [axis=value] behind the stage\'s name for some instances'
    ])
  })

  it("under overrides they are told with their line", () => {
    const text = `${experiment.text}overrides:
  tokns: 5
  stages.sae[width=3].with.k: 3
  stages.sae[width=4096].with.k: many
`
    assert.deepStrictEqual(problemsOf({ experiment: { ...experiment, text }, pipeline }), [
      'experiments/gemma.yaml:5:3 params.tokns: the pipeline has no such parameter; did you mean "tokens"?',
      "experiments/gemma.yaml:6:3 overrides.stages.sae[width=3].with.k: stages.sae[width=3] matches nothing; there are [width=4096,seed=0], [width=16384,seed=0]",
      'experiments/gemma.yaml:7:34 stages.sae.with.k: expected integer >= 1, got "many"'
    ])
  })
})
