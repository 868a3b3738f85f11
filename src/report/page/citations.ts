/** What a result rests on, as BibTeX: this program, and the papers whose methods its stages follow. */
import type { Json } from "../../json/canonical-json.ts"
import type { Methods } from "./methods-text.ts"

interface Paper {
  readonly id: string
  readonly authors: string
  readonly title: string
  readonly year: number
  /** Its number there, or an address where it is not on arXiv. */
  readonly arxiv?: string
  readonly url?: string
}

const papers = {
  batchtopk: {
    id: "bussmann2024batchtopk",
    authors: "Bussmann, Bart and Leask, Patrick and Nanda, Neel",
    title: "BatchTopK Sparse Autoencoders",
    year: 2024,
    arxiv: "2412.06410"
  },
  topk: {
    id: "gao2024scaling",
    authors:
      "Gao, Leo and Dupré la Tour, Tom and Tillman, Henk and Goh, Gabriel and Troll, Rajan and Radford, Alec and Sutskever, Ilya and Leike, Jan and Wu, Jeffrey",
    title: "Scaling and evaluating sparse autoencoders",
    year: 2024,
    arxiv: "2406.04093"
  },
  jumprelu: {
    id: "rajamanoharan2024jumping",
    authors:
      "Rajamanoharan, Senthooran and Lieberum, Tom and Sonnerat, Nicolas and Conmy, Arthur and Varma, Vikrant and Kramár, János and Nanda, Neel",
    title: "Jumping Ahead: Improving Reconstruction Fidelity with JumpReLU Sparse Autoencoders",
    year: 2024,
    arxiv: "2407.14435"
  },
  gated: {
    id: "rajamanoharan2024gated",
    authors:
      "Rajamanoharan, Senthooran and Conmy, Arthur and Smith, Lewis and Lieberum, Tom and Varma, Vikrant and Kramár, János and Shah, Rohin and Nanda, Neel",
    title: "Improving Dictionary Learning with Gated Sparse Autoencoders",
    year: 2024,
    arxiv: "2404.16014"
  },
  matryoshka: {
    id: "bussmann2025matryoshka",
    authors: "Bussmann, Bart and Nabeshima, Noa and Karvonen, Adam and Nanda, Neel",
    title: "Learning Multi-Level Features with Matryoshka Sparse Autoencoders",
    year: 2025,
    arxiv: "2503.17547"
  },
  canonical: {
    id: "leask2025canonical",
    authors:
      "Leask, Patrick and Bussmann, Bart and Pearce, Michael and Bloom, Joseph and Tigges, Curt and Al Moubayed, Noura and Sharkey, Lee and Nanda, Neel",
    title: "Sparse Autoencoders Do Not Find Canonical Units of Analysis",
    year: 2025,
    arxiv: "2502.04878"
  },
  absorption: {
    id: "chanin2024absorption",
    authors:
      "Chanin, David and Wilken-Smith, James and Dulka, Tomáš and Bhatnagar, Hardik and Golechha, Satvik and Bloom, Joseph",
    title: "A is for Absorption: Studying Feature Splitting and Absorption in Sparse Autoencoders",
    year: 2024,
    arxiv: "2409.14507"
  },
  saebench: {
    id: "karvonen2025saebench",
    authors:
      "Karvonen, Adam and Rager, Can and Lin, Johnny and Tigges, Curt and Bloom, Joseph and Chanin, David and Lau, Yeu-Tong and Farrell, Eoin and McDougall, Callum and Ayonrinde, Kola and Till, Demian and Wearden, Matthew and Conmy, Arthur and Marks, Samuel and Nanda, Neel",
    title: "SAEBench: A Comprehensive Benchmark for Sparse Autoencoders in Language Model Interpretability",
    year: 2025,
    arxiv: "2503.09532"
  },
  autointerp: {
    id: "paulo2024automatically",
    authors: "Paulo, Gonçalo and Mallen, Alex and Juang, Caden and Belrose, Nora",
    title: "Automatically Interpreting Millions of Features in Large Language Models",
    year: 2024,
    arxiv: "2410.13928"
  },
  transcoders: {
    id: "dunefsky2024transcoders",
    authors: "Dunefsky, Jacob and Chlenski, Philippe and Nanda, Neel",
    title: "Transcoders Find Interpretable LLM Feature Circuits",
    year: 2024,
    arxiv: "2406.11944"
  },
  hedging: {
    id: "chanin2025feature",
    authors: "Chanin, David and Dulka, Tomáš and Garriga-Alonso, Adrià",
    title: "Feature Hedging: Correlated Features Break Narrow Sparse Autoencoders",
    year: 2025,
    arxiv: "2505.11756"
  },
  probing: {
    id: "gurnee2023finding",
    authors:
      "Gurnee, Wes and Nanda, Neel and Pauly, Matthew and Harvey, Katherine and Troitskii, Dmitrii and Bertsimas, Dimitris",
    title: "Finding Neurons in a Haystack: Case Studies with Sparse Probing",
    year: 2023,
    arxiv: "2305.01610"
  },
  ioi: {
    id: "wang2022interpretability",
    authors: "Wang, Kevin and Variengien, Alexandre and Conmy, Arthur and Shlegeris, Buck and Steinhardt, Jacob",
    title: "Interpretability in the Wild: a Circuit for Indirect Object Identification in GPT-2 small",
    year: 2022,
    arxiv: "2211.00593"
  },
  othello: {
    id: "li2022emergent",
    authors:
      "Li, Kenneth and Hopkins, Aspen K. and Bau, David and Viégas, Fernanda and Pfister, Hanspeter and Wattenberg, Martin",
    title: "Emergent World Representations: Exploring a Sequence Model Trained on a Synthetic Task",
    year: 2022,
    arxiv: "2210.13382"
  },
  latentscaling: {
    id: "minder2025robustly",
    authors: "Minder, Julian and Dumas, Clément and Juang, Caden and Chugtai, Bilal and Nanda, Neel",
    title: "Robustly identifying concepts introduced during chat fine-tuning using crosscoders",
    year: 2025,
    arxiv: "2504.02922"
  },
  crosscoders: {
    id: "lindsey2024sparse",
    authors:
      "Lindsey, Jack and Templeton, Adly and Marcus, Jonathan and Conerly, Thomas and Batson, Joshua and Olah, Christopher",
    title: "Sparse Crosscoders for Cross-Layer Features and Model Diffing",
    year: 2024,
    url: "https://transformer-circuits.pub/2024/crosscoders/index.html"
  },
  n2g: {
    id: "foote2023neuron",
    authors: "Foote, Alex and Nanda, Neel and Kran, Esben and Konstas, Ioannis and Cohen, Shay and Barez, Fazl",
    title: "Neuron to Graph: Interpreting Language Model Neurons at Scale",
    year: 2023,
    arxiv: "2305.19911"
  }
} as const satisfies Record<string, Paper>

type PaperName = keyof typeof papers

const ofKind: Readonly<Record<string, ReadonlyArray<PaperName>>> = {
  "train-meta-sae": ["canonical"],
  "analyse-meta-sae": ["canonical"],
  "edit-with-meta-latents": ["canonical"],
  "stitch-saes": ["canonical"],
  "evaluate-sae": ["saebench"],
  "evaluate-absorption": ["absorption", "saebench"],
  "evaluate-hedging": ["hedging"],
  "auto-interp": ["n2g"],
  "explain-latents": ["autointerp"],
  "train-transcoder": ["transcoders"],
  "train-crosscoder": ["crosscoders"],
  "latent-scaling": ["latentscaling"],
  "sparse-probe": ["probing"],
  "make-ioi-prompts": ["ioi"],
  "make-ioi-sentences": ["ioi"],
  "evaluate-othello": ["othello"]
}

const ofArchitecture: Readonly<Record<string, ReadonlyArray<PaperName>>> = {
  batch_topk: ["batchtopk"],
  topk: ["topk"],
  jumprelu: ["jumprelu"],
  gated: ["gated"],
  matryoshka_batch_topk: ["matryoshka", "batchtopk"]
}

const named = (value: Json | undefined): string => (typeof value === "string" ? value : "")

const paperEntry = ({ id, authors, title, year, arxiv, url }: Paper): string => {
  const place = arxiv === undefined ? `url = {${url}}` : `eprint = {${arxiv}},\n  archivePrefix = {arXiv}`
  return `@misc{${id},\n  author = {${authors}},\n  title = {{${title}}},\n  year = {${year}},\n  ${place}\n}`
}

/** @param code `sae-pipeline 0.1.0, commit 0123456789`, of the results */
export const citations = ({ stages }: Methods, code: ReadonlyArray<string>): string => {
  const names = stages.flatMap(({ kind, instances }) => [
    ...(ofKind[kind] ?? []),
    ...instances.flatMap(({ params }) => ofArchitecture[named(params["architecture"])] ?? [])
  ])
  const version = code.length === 0 ? "" : `,\n  version = {${code.join("; ")}}`
  return [
    `@software{saepipeline,\n  title = {{sae-pipeline: a declarative, cached experiment pipeline for sparse-autoencoder research}}${version}\n}`,
    ...[...new Set(names)].map((name) => paperEntry(papers[name]))
  ].join("\n\n")
}
