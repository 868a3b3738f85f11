"""Delphi's scorers on the examples and answers of main.ts, held against its scores."""

import asyncio
import json
import math
import re
import sys
from collections import namedtuple
from unittest.mock import MagicMock

for name in ("vllm", "vllm.distributed", "vllm.distributed.parallel_state", "vllm.inputs"):
    sys.modules[name] = MagicMock()  # runs the language model, whose answers are recorded

import pandas as pd
import torch
from delphi.clients.client import Client, Response
from delphi.latents import ActivatingExample, Latent, LatentRecord, NonActivatingExample
from delphi.log.result_analysis import compute_auc, compute_classification_metrics, compute_confusion
from delphi.scorers import DetectionScorer, EmbeddingScorer, FuzzingScorer, OpenAISimulator
from delphi.scorers.classifier.sample import _prepare_text
from sentence_transformers.util import cos_sim
from sklearn.metrics import roc_auc_score

data = json.load(open(sys.argv[1], encoding="utf-8"))
Logprob = namedtuple("Logprob", ["logprob", "decoded_token"])
Told = namedtuple("Told", ["token", "logprob"])
TokenProbabilities = namedtuple("TokenProbabilities", ["token", "top_logprobs"])


def number_in(text):
    return int(re.search(r" id(\d+)", text.replace("<<", "").replace(">>", "")).group(1))


class Judge(Client):
    def __init__(self, answers, sure):
        self.answers, self.sure = answers, sure

    async def generate(self, prompt, **_):
        number = number_in(prompt[-1]["content"].split("Example 0:")[-1])
        said, sure = self.answers[number], self.sure[number]
        if said is None:
            return Response("I cannot tell.", logprobs=[])
        yes, no = str(int(said)), str(1 - int(said))
        told = [Told(yes, math.log(0.9 * sure)), Told(no, math.log(0.9 * (1 - sure)))]
        brackets = [TokenProbabilities(each, [Told(each, 0.0)]) for each in "[]"]
        return Response(f"[{yes}]", logprobs=[brackets[0], TokenProbabilities(yes, told), brackets[1]])


class Embedding:
    """What a sentence encoder gives: the recorded vectors, and sentence-transformers' own cosine."""

    def __init__(self, vectors):
        self.vectors = vectors

    def encode(self, what):
        if isinstance(what, str):
            return self.vectors["explanation"]
        return [self.vectors["texts"][number_in(each)] for each in what]

    def similarity(self, a, b):
        return cos_sim(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64))


class Tokenizer:
    """A token a tab, a line break or what is between; a message begins with its role and two more."""

    def __init__(self):
        self.ids = {}

    def id(self, piece):
        return self.ids.setdefault(piece, len(self.ids))

    def encode(self, text):
        return [self.id("<bos>"), *(self.id(piece) for piece in re.findall(r"[\t\n]|[^\t\n]+", text))]

    def apply_chat_template(self, messages, add_generation_prompt):
        turns = [*messages, {"role": "assistant", "content": ""}] if add_generation_prompt else messages
        return [
            token
            for turn in turns
            for token in (self.id(turn["role"] == "assistant"), self.id("<end>"), self.id("<break>"), *self.encode(turn["content"])[1:])
        ]

    def batch_decode(self, tokens):
        return [words[int(token)] for token in tokens]


class Simulating(Client):
    def __init__(self, tokenizer, strengths):
        self.tokenizer, self.strengths = tokenizer, strengths

    async def generate(self, prompt, **_):
        own = self.strengths[number_in(prompt[-1]["content"])]
        tokens = self.tokenizer.apply_chat_template(prompt, add_generation_prompt=True)
        tab = self.tokenizer.id("\t")
        tabs = [i for i, token in enumerate(tokens) if token == tab][-len(own) :]
        table = {
            i + 1: {n: Logprob(logprob, str(n)) for n, logprob in enumerate(logprobs)} for i, logprobs in zip(tabs, own)
        }
        return Response("", prompt_logprobs=table)


def metrics(outputs):
    frame = pd.DataFrame(
        [{"activating": each.activating, "prediction": each.prediction, "probability": each.probability} for each in outputs]
    )
    return compute_classification_metrics(compute_confusion(frame)) | {"auc": compute_auc(frame)}


largest, marks, quantised = {}, [0, 0], []


def compare(name, ours, theirs):
    difference = abs(ours - theirs)
    if math.isnan(difference):
        difference = math.inf
    largest[name] = max(largest.get(name, 0.0), difference)


for case in data["cases"]:
    examples, answers = case["examples"], case["answers"]
    words = {}

    def ids(tokens):
        found = torch.tensor(range(len(words), len(words) + len(tokens)))
        words.update({int(i): token for i, token in zip(found, tokens)})
        return found

    def firing(i):
        example = examples[i]
        activations = torch.tensor(example["activations"], dtype=torch.float64)
        return ActivatingExample(ids(example["tokens"]), activations, activations, example["tokens"])

    def silent(i):
        example = examples[i]
        return NonActivatingExample(ids(example["tokens"]), torch.zeros(len(example["tokens"])), example["tokens"])

    fires = [i for i, each in enumerate(case["fires"]) if each]
    quiet = [i for i, each in enumerate(case["fires"]) if not each]
    record = LatentRecord(Latent("layers.1", 0), test=[firing(i) for i in fires], not_active=[silent(i) for i in quiet])
    record.explanation = "whatever"

    for i in fires:
        text, _ = _prepare_text(record.test[fires.index(i)], n_incorrect=0, threshold=0.3, highlighted=True)
        marks[0] += text == examples[i]["marked"]
        marks[1] += 1

    detection = metrics(DetectionScorer(Judge(answers["detection"], answers["sure"]), n_examples_shown=1, log_prob=True).call_sync(record).score)
    right = [each["number"] for each in case["fuzzing"] if each["right"]]
    wrong = [each["number"] for each in case["fuzzing"] if not each["right"]]
    fuzzed = LatentRecord(Latent("layers.1", 0), test=[firing(i) for i in right], not_active=[silent(i) for i in wrong])
    fuzzed.explanation = "whatever"
    fuzzing = metrics(FuzzingScorer(Judge(answers["fuzzing"], answers["sure"]), n_examples_shown=1, log_prob=True).call_sync(fuzzed).score)
    for name, theirs in (("detection", detection), ("fuzzing", fuzzing)):
        ours = case["scores"][name]
        compare(f"{name} balanced accuracy", ours["balanced_accuracy"], theirs["accuracy"])
        compare(f"{name} precision", ours["precision"], theirs["precision"])
        compare(f"{name} recall", ours["recall"], theirs["recall"])
        compare(f"{name} F1", ours["f1"], theirs["f1_score"])
        compare(f"{name} AUC", ours["auc"], theirs["auc"])

    near = EmbeddingScorer(Embedding(answers["embeddings"])).call_sync(record).score
    embedded = roc_auc_score([number_in(each.text) < len(fires) for each in near], [each.similarity for each in near])
    compare("embedding AUC", case["scores"]["embedding"]["auc"], embedded)

    tokenizer = Tokenizer()
    simulator = OpenAISimulator(Simulating(tokenizer, answers["strengths"]), tokenizer)

    def overall():
        groups = asyncio.run(simulator(record)).score
        return float(next(group.ev_correlation_score for group in groups if group.distance == 0))  # of all texts

    compare("simulation Pearson", case["scores"]["simulation"]["pearson"], overall())
    # As Delphi itself is used: activations as whole numbers 0 to 10 of the maximum.
    for example in record.test:
        example.normalized_activations = (example.activations * 10 / example.max_activation).ceil()
    quantised.append(abs(overall() - case["scores"]["simulation"]["pearson"]))

print(f"{len(data['cases'])} latents, {len(examples)} texts each")
for name, difference in largest.items():
    print(f"{name}: largest difference {difference:.1e}")
print(f"marked texts that are the same: {marks[0]} of {marks[1]}")
print(f"simulation with Delphi's whole numbers of activation: differs by {sum(quantised) / len(quantised):.3f} in the mean")
bad = [name for name, difference in largest.items() if not difference <= data["tolerance"]]
if bad or marks[0] != marks[1]:
    print("DIFFERENT:", ", ".join(bad) or "marks")
    sys.exit(1)
