/** What stands around a report in tests. */
import type { RunReportInput } from "../../src/report/page/made-experiment.ts"

export const madeExperiment: Omit<RunReportInput, "report"> = {
  name: "sample",
  description: undefined,
  commands: ["pipeline run experiments/quickstart.yaml"],
  facts: [
    ["model", "builtin:tiny-speller"],
    ["engine", "tensorflow 2.20 on cpu"]
  ],
  parameters: [["k", "16"]],
  code: ["sae-pipeline 0.1.0, commit 0123456789"],
  methods: {
    stages: [
      {
        stage: "sae",
        kind: "train-sae",
        summary: "Trains a sparse autoencoder",
        instances: [512, 2048].map((width) => ({
          at: { width },
          params: { architecture: "batch_topk", d_sae: width, k: 16, lr: null },
          sources: {},
          inputs: { activations: ["capture"] }
        }))
      }
    ],
    versions: ["sae-pipeline 0.1.0", "Node.js 22.0.0"]
  },
  graph: [
    { id: "capture", stage: "capture", kind: "capture-activations", needs: [] },
    { id: "sae[width=512]", stage: "sae", kind: "train-sae", needs: ["capture"] },
    { id: "sae[width=2048]", stage: "sae", kind: "train-sae", needs: ["capture"] },
    { id: "report", stage: "report", kind: "report", needs: ["sae[width=512]", "sae[width=2048]"] }
  ],
  results: [
    { id: "capture", seconds: 12.5, cpuSeconds: 20, peakMemory: 1.5e9, run: "2031-01-01T00-00-00-0000" },
    { id: "sae[width=512]", seconds: 65, cpuSeconds: undefined, peakMemory: undefined, run: "2031-01-02T03-04-05-ab12" }
  ]
}
