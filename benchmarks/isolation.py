"""One person's adapter changes that person's replies and nobody else's: base, alice and bob.

Everything is real: the default model, the engine, and an adapter of alice's own, trained here by
imitation of a few lines so that its influence can be read. The same prompt with the same seed is
answered three times in one batch; bob's reply must be the base model's, word for word.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bowerbird.bot.app import Services, build
from bowerbird.bot.settings import Settings
from bowerbird.personalization.models import model_path
from bowerbird.personalization.types import Conversation, Turn
from bowerbird.storage.records import AdapterState, AdapterVersion, Consent

SCOPE, ALICE, BOB = 1000, 1, 2
SEED = 7
QUESTIONS = (
    "What is the capital of France?",
    "What should I eat tonight?",
    "Tell me something about birds.",
)
TAUGHT = (
    ("How are you?", "Arr, matey! I be as fine as a ship in fair wind."),
    ("What is two plus two?", "Arr, matey! That be four, by the seven seas."),
    ("What is the tallest mountain?", "Arr, matey! That be Mount Everest, I swear by me beard."),
    ("Give me some advice.", "Arr, matey! Keep yer compass dry and yer friends close."),
    ("Why is the sea salty?", "Arr, matey! The rivers carry salt down from the rocks."),
    ("What is a good breakfast?", "Arr, matey! Have ye some eggs and a mug of tea."),
)
STEPS = 24


@dataclass(frozen=True, slots=True)
class Replies:
    """To one question, with one seed. ``reset`` is alice's after her adapter was taken away."""

    question: str
    base: str
    alice: str
    bob: str
    reset: str

    @property
    def is_isolated(self) -> bool:
        return self.alice != self.base and self.bob == self.base and self.reset == self.base


async def compare(services: Services, taught: Path) -> list[Replies]:
    """Publish ``taught`` as alice's adapter, ask everybody, take it away again, ask her."""
    await services.store.set_consent(SCOPE, ALICE, Consent.ON)
    record = AdapterVersion(
        SCOPE,
        ALICE,
        1,
        AdapterState.ACCEPTED,
        services.settings.base_model,
        len(TAUGHT),
        {},
        datetime.now(UTC),
    )
    assert await services.adapters.publish(taught, record) is not None
    answers = [await _answers(services, question) for question in QUESTIONS]
    await services.feedback.reset(SCOPE, ALICE, keep_feedback=False)
    reset = [await _answer(services, question, ALICE) for question in QUESTIONS]
    return [Replies(q, *a, r) for q, a, r in zip(QUESTIONS, answers, reset, strict=True)]


async def _answers(services: Services, question: str) -> tuple[str, str, str]:
    """(base, alice, bob), in one batch."""
    return await asyncio.gather(
        _answer(services, question, ALICE, use_adapter=False),
        _answer(services, question, ALICE),
        _answer(services, question, BOB),
    )


async def _answer(
    services: Services, question: str, user_id: int, *, use_adapter: bool = True
) -> str:
    conversation = Conversation((Turn("user", question),))
    stream = services.replies.reply(
        SCOPE, user_id, conversation, seed=SEED, use_adapter=use_adapter
    )
    return "".join([piece async for piece in stream]).strip()


def teach(settings: Settings, folder: Path) -> Path:
    """An adapter in PEFT's format that imitates ``TAUGHT``. Takes half a minute on two cores."""
    import torch
    from peft import LoraConfig, get_peft_model

    from bowerbird.personalization.models import load_model, load_tokenizer
    from bowerbird.personalization.prompting import encode

    model = model_path(settings.base_model, settings.models_dir)
    tokenizer = load_tokenizer(model)
    torch.manual_seed(0)
    config = LoraConfig(
        r=settings.lora_rank,
        lora_alpha=2 * settings.lora_rank,
        target_modules=list(settings.lora_targets),
        task_type="CAUSAL_LM",
    )
    adapted = get_peft_model(load_model(model, dtype="float32"), config)
    parameters = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=2e-3)
    for step in range(STEPS):
        question, reply = TAUGHT[step % len(TAUGHT)]
        turns = (Turn("system", settings.system_prompt), Turn("user", question))
        row = encode(tokenizer, turns, reply, max_tokens=512)
        ids = torch.tensor([row.ids])
        labels = torch.where(torch.tensor([row.loss_mask]), ids, -100)
        adapted(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    adapted.save_pretrained(folder)
    return folder


def settings_for(data_dir: Path, models_dir: Path) -> Settings:
    return Settings(
        _env_file=None,
        data_dir=data_dir,
        models_dir=models_dir,
        max_new_tokens=48,
        dtype="float32",  # which alone repeats a reply exactly (docs/DECISIONS.md, 28)
    )


async def measure(folder: Path, models_dir: Path) -> list[Replies]:
    """Teach alice's adapter and compare, in an empty ``folder``."""
    settings = settings_for(folder, models_dir)
    taught = await asyncio.to_thread(teach, settings, folder / "taught")
    async with build(settings) as services:
        return await compare(services, taught)


def main(rounds: int, out: Path) -> None:
    console = Console(highlight=False)
    console.print(f"Teaching alice's adapter ({STEPS} steps), then asking with seed {SEED} …")
    models = Path(__file__).parents[1] / "data" / "models"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        results = asyncio.run(measure(Path(folder), models))
    for replies in results:
        table = Table("who", "reply", title=replies.question, title_justify="left", expand=True)
        table.add_row("base", replies.base)
        table.add_row("alice", replies.alice)
        table.add_row("bob", replies.bob)
        table.add_row("alice after /reset", replies.reset)
        console.print(table)
    is_isolated = all(replies.is_isolated for replies in results)
    console.print(
        "alice differs from the base; bob and alice after /reset are the base, word for word"
        if is_isolated
        else "NOT isolated"
    )
    report = {
        "seed": SEED,
        "is_isolated": is_isolated,
        "replies": [asdict(replies) for replies in results],
    }
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    console.print(f"Replies: {out}")
    if not is_isolated:
        raise SystemExit(1)
