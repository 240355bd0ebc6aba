"""Tiny random models with a real byte-level tokenizer and chat template, and adapters for them.

They are made in about a second, so that every test of the machinery runs on real transformers code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
ALL_LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
ATTENTION = ALL_LINEAR[:4]
_CORPUS = [
    "The bowerbird builds a bower and decorates it with blue things.",
    "What is the capital of France? The capital of France is Paris.",
    "Please tell me a short story about a friendly robot in the garden.",
    "system user assistant Hello there, how are you today? I am fine, thank you!",
]


def make_tokenizer(directory: Path) -> int:
    """Train a small byte-level BPE (every byte is a token, so any text can be encoded)."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=384,
        show_progress=False,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(_CORPUS, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
    )
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(directory)
    return len(fast)


def make_model(
    directory: Path, architecture: str = "llama", seed: int = 0, **overrides: Any
) -> Path:
    """Save a random ``llama``, ``qwen3`` or ``mistral`` of 4 query and 2 key/value heads."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    vocab_size = make_tokenizer(directory)
    settings = {
        "vocab_size": vocab_size,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "initializer_range": 0.25,  # wide enough that tokens and adapters really differ
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    } | overrides
    config = AutoConfig.for_model(architecture, **settings)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.generation_config.eos_token_id = 2
    model.save_pretrained(directory)
    return directory


def make_adapter(
    model_dir: Path,
    directory: Path,
    *,
    seed: int,
    rank: int = 4,
    alpha: int = 8,
    targets: tuple[str, ...] = ATTENTION,
    scale: float = 0.2,
) -> Path:
    """Save a random adapter through PEFT itself; ``scale`` is the spread of both matrices."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(model_dir)
    config = LoraConfig(
        r=rank, lora_alpha=alpha, target_modules=list(targets), task_type="CAUSAL_LM"
    )
    adapted = get_peft_model(model, config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
    adapted.save_pretrained(directory)
    return directory
