"""A real Llama that says what it is told to: so that end-to-end tests know every reply beforehand.

Contract: a directory in transformers' format with safetensors weights, a byte-level tokenizer and a
chat template, loaded by the unmodified product. The question's first keyword of `SCRIPTS` chooses
the reply, `DEFAULT` otherwise, whatever the sampling.

How: attention and MLP add nothing, embeddings are one-hot, and the output layer holds the bigram
table "this token follows that one". Each reply is cut into tokens that occur once in all of them,
so the table is a function. The chat template ends the prompt with a marker token that depends on
the question; the first token of the reply follows that marker. Adapters work on it as on any Llama.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Final

DEFAULT: Final = "I collect blue things, and I arrange them with great care."
_WORD = re.compile(r"\S+\s*")


def _block() -> str:
    lines = "".join(f'branch_{n:03} = "blue, number {n:03}"\n' for n in range(110))
    tail = " ".join(f"twig{n:03}" for n in range(90))
    return f"Here is how my bower is built:\n\n```python\n{lines}```\n\nAnd that is all: {tail}."


SCRIPTS: Final = {
    "berries": "Ripe berries turn blue late in summer.",
    "feathers": "Parrot feathers look blue without any pigment.",
    "shells": "Snail shells coil to one side only.",
    "program": _block(),
    "story": "Once upon a time: " + " ".join(f"blue{n:03}" for n in range(210)) + " the end!",
}
_MARKERS: Final = {keyword: f"<|{keyword}|>" for keyword in SCRIPTS} | {"": "<|otherwise|>"}
_CONTROL: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", *_MARKERS.values())
_LOGIT: Final = 2.0  # times √hidden after the final norm: certain at any temperature


def reply_to(question: str) -> str:
    """What the model will say."""
    return next((text for word, text in SCRIPTS.items() if word in question), DEFAULT)


def make_scripted_model(directory: Path) -> Path:
    """Save model, tokenizer and template into ``directory``."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    taken: set[str] = set()
    chunks = {m: _chunks(SCRIPTS.get(word, DEFAULT), taken) for word, m in _MARKERS.items()}
    spoken = [chunk for reply in chunks.values() for chunk in reply]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    written = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    names = [written.pre_tokenize_str(chunk)[0][0] for chunk in spoken]
    vocabulary = {name: i for i, name in enumerate((*_CONTROL, *letters, *names))}

    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=list(_MARKERS.values()),
    )
    fast.chat_template = _template()
    fast.save_pretrained(directory)

    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=len(vocabulary),
        intermediate_size=8,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=4096,
        tie_word_embeddings=False,
        bos_token_id=vocabulary["<|im_start|>"],
        eos_token_id=vocabulary["<|im_end|>"],
        pad_token_id=vocabulary["<|endoftext|>"],
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(config)
    end = vocabulary["<|im_end|>"]
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.embed_tokens.weight.copy_(torch.eye(len(vocabulary)))
        table = model.lm_head.weight.zero_()
        for marker, reply in chunks.items():
            said = [vocabulary[written.pre_tokenize_str(chunk)[0][0]] for chunk in reply]
            for before, after in pairwise((vocabulary[marker], *said, end)):
                table[after, before] = _LOGIT
    model.generation_config.eos_token_id = end
    model.save_pretrained(directory)
    return directory


def _chunks(text: str, taken: set[str]) -> list[str]:
    """Words with the white space after them, joined until each is a token nobody has taken."""
    chunks, chunk = [], ""
    for word in _WORD.findall(text):
        chunk += word
        if len(chunk) > 1 and chunk not in taken:
            taken.add(chunk)
            chunks.append(chunk)
            chunk = ""
    if chunk:
        chunks[-1] += chunk
        assert chunks[-1] not in taken, f"a token has only one successor: {chunks[-1]!r}"
        taken.add(chunks[-1])
    return chunks


def _template() -> str:
    choice = "".join(
        f"{{% {'if' if i == 0 else 'elif'} '{word}' in messages[-1]['content'] %}}{marker}"
        for i, (word, marker) in enumerate((w, m) for w, m in _MARKERS.items() if w)
    )
    return (
        "{% for message in messages %}"
        "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
        "{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
        f"{choice}{{% else %}}{_MARKERS['']}{{% endif %}}"
        "{% endif %}"
    )
