"""From files to a model: open, recognise, read, fill, add the tokenizer, check, describe."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from playground.checkpoints.calibration import origin_of
from playground.checkpoints.card import ModelCard
from playground.checkpoints.devices import CPU, device_name
from playground.checkpoints.families import Blueprint, Bundle, Family, families, recognise
from playground.checkpoints.files import open_tensors, read_json
from playground.checkpoints.hub import download, means_repo
from playground.checkpoints.memory import default_budget
from playground.checkpoints.model import Model, PatchModel, language_class
from playground.checkpoints.skeleton import skeleton
from playground.checkpoints.wanted import wanted_files
from playground.errors import (
    Cancelled,
    InvalidConfig,
    InvalidRequest,
    MissingFile,
    TensorMismatch,
    TokenizerError,
    UnknownFamily,
    name_some,
)
from playground.networks.pixel_mae import PixelMAEConfig
from playground.text.rendering import Renderer, open_renderer, published_renderer
from playground.text.tokenizers import Tokenizer, open_tokenizer

log = logging.getLogger(__name__)

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
NARROW = torch.bfloat16  # used when float32 does not fit: it has float32's range
LEAST_COVERAGE = 0.9  # a tokenizer with fewer ids than this share of the embedding belongs to another model

WEIGHT_FILES = (
    "latest.pt", "model.safetensors", "model.safetensors.index.json", "models/model.pt", "pytorch_model.bin",
    "pytorch_model.bin.index.json", "model.pt", "models/pretrain.pt", "pretrain.pt", "*.safetensors", "*.pt", "*.bin",
)  # fmt: skip

Report = Callable[[str, float | None], None]


@dataclass(frozen=True)
class LoadOptions:
    """How to load: ``dtype`` (None = float32, or 16 bit if that does not fit ``room`` bytes), ``tokenizer`` (a path
    or Hub id), ``revision`` of a Hub repository, the family's own ``choices``, and the ``device`` for the weights of a
    language model."""

    dtype: torch.dtype | str | None = None
    tokenizer: str | Path | None = None
    revision: str | None = None
    choices: Mapping[str, Any] | None = None
    room: int | None = None
    device: torch.device = CPU


def load_model(
    ref: str | Path,
    options: LoadOptions = LoadOptions(),
    report: Report = lambda stage, fraction: None,
    cancelled: Callable[[], bool] = lambda: False,
    name: str | None = None,
) -> Model:
    """Load a checkpoint from a folder, a file or a Hub id.

    Args:
        report: told each stage as it begins, with a fraction from 0 to 1 where one is known.
        cancelled: asked between stages and tensors.
        name: what the card calls it; by default the reference itself.

    Raises:
        PlaygroundError: with one line on what is wrong; see errors.py for the kinds.
    """
    report("Finding the files", None)
    bundle = open_bundle(locate(ref, options.revision, report, cancelled))
    family = recognise(bundle)
    choices = {key: value for key, value in (options.choices or {}).items() if value is not None}
    family.check_choices(choices)
    dtype, notes = choose_dtype(bundle, options)

    report("Reading the weights", 0.0)
    blueprint = family.read(bundle, choices | {"dtype": dtype} if family.last_resort else choices)
    if blueprint.network is None:
        network = fill(family, blueprint, dtype, report, cancelled)
    else:
        network = blueprint.network
        check_finite(dict(network.named_parameters()))
    network.eval().requires_grad_(False)
    if options.device != CPU and "generate" in family.abilities:
        report("Moving the weights", None)
        network.to(options.device)
        notes.append(f"The weights are on {device_name(options.device)}.")

    if "generate" in family.abilities:
        report("Reading the tokenizer", None)
        tokenizer = find_tokenizer(family, bundle, options.tokenizer, network.vocab_size, report, cancelled)
        notes += tokenizer_notes(family, tokenizer, network.vocab_size)
        model = language_class(family)(family, network, tokenizer, blueprint.end_ids)
    else:
        model = PatchModel(family, network, find_renderer(bundle, network.config, notes))
    if family.check is not None:
        if bundle.weights is not None:
            folders = dict.fromkeys((bundle.weights.files[0].parent, bundle.folder))
            size = model.tokenizer and model.tokenizer.size
            model.origin = origin_of(*bundle.weights.files, *folders, options.tokenizer, size, dtype, choices)
        report("Checking on a paragraph of English", None)
        notes += family.check(model, choices)
    model.card = describe(name or str(ref), model, bundle, [*blueprint.notes, *notes], blueprint.training)
    log.info("Loaded %s: %s, %s parameters", model.card.name, family.name, f"{model.card.parameters:,}")
    return model


def find_renderer(bundle: Bundle, config: PixelMAEConfig, notes: list[str]) -> Renderer | None:
    """How the checkpoint's ``text_renderer_config.json`` says that text is drawn; None if that style is not known.

    Without such a file, text is drawn as for the published models if the network has their patches.

    Raises:
        InvalidConfig: if its strips do not fit the network.
    """
    path = bundle.find("text_renderer_config.json")
    if path is not None:
        renderer = open_renderer(read_json(path), path.parent, config.num_patches)
    else:
        renderer = published_renderer(bundle.folder, config.patch_size, config.num_patches)
    if renderer is None:
        notes.append("No text_renderer_config.json in a known style was found, so text cannot be drawn for this model.")
        return None
    patch, patches = renderer.config.pixels_per_patch, renderer.config.max_seq_length
    if patch != config.patch_size or patches > config.num_patches:
        raise InvalidConfig(
            f"text_renderer_config.json draws {patches:,} patches of {patch} pixels, but the network reads at most "
            f"{config.num_patches:,} of {config.patch_size}. They do not belong together."
        )
    notes += renderer.notes
    return renderer


def locate(ref: str | Path, revision: str | None, report: Report, cancelled: Callable[[], bool]) -> Path:
    """The folder or file that ``ref`` means, downloaded if it is a Hub id and no such path exists."""
    path = existing_path(ref)
    if path is not None:
        return path
    text = str(ref)
    if means_repo(text):
        return download(
            text,
            lambda names: wanted_files(text, names),
            revision=revision,
            on_progress=lambda file, done, total: report(f"Downloading {file}", done / total if total else None),
            cancelled=cancelled,
        )
    raise MissingFile(f"{text!r} does not exist: it is no known name, folder, file or Hub id. Check the spelling.")


def existing_path(ref: str | Path) -> Path | None:
    """The path that ``ref`` is, if it exists.

    Raises:
        MissingFile: no path can be called so, or this user may not look there.
    """
    try:
        path = Path(ref).expanduser()
        return path if path.exists() else None
    except (OSError, ValueError, RuntimeError):  # too long, out of bounds, with a NUL, of an unknown user
        raise MissingFile(f"{str(ref)[:80]!r} is not a path that this machine can open. Check the spelling.") from None


def open_bundle(path: Path) -> Bundle:
    """Open the weights in a folder, or a weights file itself."""
    try:
        if path.is_file():
            return Bundle(path.parent, open_tensors(path))
        if not path.is_dir():
            raise MissingFile(f"{str(path)!r} is neither a folder nor a regular file. Name a checkpoint.")
        weights = find_weights(path)
        if weights is None:
            names = [entry.name for entry in sorted(path.iterdir())]
            raise MissingFile(
                f"{path.name} holds no weights; looked for {name_some(WEIGHT_FILES, 20)}, found "
                f"{name_some(names) or 'nothing'}. Fetch the weights, or name the file."
            )
        return Bundle(path, open_tensors(weights))
    except OSError as error:
        raise MissingFile(f"{str(path)!r} cannot be read: {error.strerror or error}. Check its permissions.") from None


def find_weights(folder: Path) -> Path | None:
    """The weights file of a folder: what a manifest names, else the first known name that exists."""
    if (folder / "manifest.json").is_file():
        latest = read_json(folder / "manifest.json").get("latest")
        named = next((path for path in folder.iterdir() if path.name == latest and path.is_file()), None)
        if named is not None:
            return named
    for pattern in WEIGHT_FILES:
        found = sorted(path for path in folder.glob(pattern) if path.is_file())
        if found:
            return found[0]
    return None


def dtype_of(choice: torch.dtype | str | None) -> torch.dtype | None:
    """The torch dtype of a name or dtype.

    Raises:
        InvalidRequest: not one of float32, bfloat16, float16.
    """
    if choice is None or choice in DTYPES.values():
        return choice
    if isinstance(choice, str) and choice.removeprefix("torch.") in DTYPES:
        return DTYPES[choice.removeprefix("torch.")]
    raise InvalidRequest(f"dtype is {choice!r}; it must be one of {', '.join(DTYPES)}.")


def choose_dtype(bundle: Bundle, options: LoadOptions) -> tuple[torch.dtype, list[str]]:
    """The asked dtype, else float32 if it fits the room, else 16 bit and a note that says so."""
    asked = dtype_of(options.dtype)
    if asked is not None:
        return asked, []
    needed = 4 * stored_numbers(bundle)
    room = default_budget() if options.room is None else options.room
    if needed <= room:
        return torch.float32, []
    note = f"In float32 it would need {needed / 2**30:.1f} GiB of {room / 2**30:.1f}; loaded in 16 bit instead."
    return NARROW, [note]


def fill(
    family: Family, blueprint: Blueprint, dtype: torch.dtype, report: Report, cancelled: Callable[[], bool]
) -> nn.Module:
    """Build the network without memory and give it the stored tensors, mapped as they are or converted.

    Raises:
        TensorMismatch: tensors are unknown, missing, misshapen, of no float type, or not finite.
    """
    network = skeleton(family.name, family.network, blueprint.config)
    expected = dict(network.named_parameters())
    stored = blueprint.tensors
    problems = {
        "unknown": [*blueprint.unclaimed, *(name for name in stored if name not in expected)],
        "missing": [name for name in expected if name not in stored],
        "misshapen": [
            f"{name} {tuple(stored[name].shape)} instead of {tuple(parameter.shape)}"
            for name, parameter in expected.items()
            if name in stored and stored[name].shape != parameter.shape
        ],
        "of no float type": [f"{name} {t.dtype}" for name, t in stored.items() if not t.is_floating_point()],
    }
    listed = "; ".join(f"{kind}: {name_some(names)}" for kind, names in problems.items() if names)
    if listed:
        advice = " Pass tensor_map={stored name: parameter name} if you know better." * ("tensor_map" in family.choices)
        raise TensorMismatch(
            f"The weights do not fit a {family.name} network of this config. {listed}. Check that config and weights "
            f"belong together.{advice}"
        )
    filled: dict[str, Tensor] = {}
    for index, (name, tensor) in enumerate(stored.items()):
        if cancelled():
            raise Cancelled("Loading was cancelled.")
        check_finite({name: tensor}, dtype)
        filled[name] = tensor.to(dtype)
        report("Reading the weights", (index + 1) / len(stored))
    network.load_state_dict(filled, assign=True)
    return network


def stored_numbers(bundle: Bundle) -> int:
    """How many numbers the stored tensors are, shared ones counted once."""
    return sum({(tensor.data_ptr(), tensor.shape): tensor.numel() for tensor in bundle.tensors.values()}.values())


def check_finite(tensors: Mapping[str, Tensor], dtype: torch.dtype | None = None) -> None:
    """Raise :class:`TensorMismatch` for NaN or infinite weights, or weights that ``dtype`` cannot hold."""
    for name, tensor in tensors.items():
        if not tensor.numel() or not tensor.is_floating_point():
            continue
        lowest, highest = (float(value) for value in torch.aminmax(tensor.detach()))
        if not -math.inf < lowest <= highest < math.inf:
            raise TensorMismatch(f"{name} holds NaN or infinite weights; the checkpoint is broken. Fetch it again.")
        most, reached = torch.finfo(dtype or tensor.dtype).max, max(-lowest, highest)
        if reached > most:
            kind = str(dtype).removeprefix("torch.")
            raise TensorMismatch(f"{name} reaches {reached:.3g}, but {kind} ends at {most:.3g}. Load it in float32.")


def find_tokenizer(
    family: Family,
    bundle: Bundle,
    given: str | Path | None,
    rows: int,
    report: Report,
    cancelled: Callable[[], bool],
) -> Tokenizer | None:
    """The user's tokenizer, else the bundle's, else None.

    Raises:
        TokenizerError: it cannot belong to an embedding of ``rows`` rows.
    """
    path = bundle.find(*family.tokenizer_files) if family.tokenizer_files else None
    if given is not None:
        path = locate_tokenizer(given, report, cancelled)
    if path is None:
        return None
    tokenizer = open_tokenizer(path)
    least = rows if family.exact_vocabulary else LEAST_COVERAGE * rows
    if not least <= tokenizer.size <= rows:
        raise TokenizerError(
            f"The tokenizer {path.name} has {tokenizer.size:,} ids, but the checkpoint's embedding has {rows:,} rows: "
            "they do not belong together. Give the tokenizer that the model was trained with."
        )
    return tokenizer


def locate_tokenizer(given: str | Path, report: Report, cancelled: Callable[[], bool]) -> Path:
    """A tokenizer's path, fetched from the Hub if ``given`` is a Hub id."""
    path = existing_path(given)
    if path is not None:
        return path
    if not means_repo(given):
        raise MissingFile(f"The tokenizer {str(given)!r} is neither a file, a folder nor a Hub id. Check the spelling.")
    names = ("tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt")
    return download(
        str(given),
        lambda found: [name for name in names if name in found],
        on_progress=lambda file, done, total: report(f"Downloading {file}", done / total if total else None),
        cancelled=cancelled,
    )


def tokenizer_notes(family: Family, tokenizer: Tokenizer | None, rows: int) -> list[str]:
    if tokenizer is None:
        wanted = family.companion
        hint = "Pass tokenizer= to prompt it with text."
        if wanted:
            remark = f" ({wanted.remark})" if wanted.remark else ""
            hint = f"Its authors used {wanted.repository}{remark}: pass tokenizer='{wanted.repository}' or a file."
        return [f"The checkpoint has no tokenizer, so prompts are raw token ids. {hint}"]
    if tokenizer.size < rows:
        return [f"The embedding has {rows:,} rows, the tokenizer {tokenizer.size:,} ids; the rest is never sampled."]
    return []


def describe(name: str, model: Model, bundle: Bundle, notes: list[str], training: Mapping[str, Any]) -> ModelCard:
    network, config = model.network, model.network.config
    parameters = list(network.parameters())
    generates = "generate" in model.abilities
    sizes = asdict(config) if is_dataclass(config) else config.to_diff_dict()
    return ModelCard(
        name=name,
        family=model.family.name,
        title=model.family.title,
        parameters=sum(parameter.numel() for parameter in parameters),
        dtype=str(parameters[0].dtype).removeprefix("torch."),
        memory_bytes=model.memory_bytes,
        source=tuple(file.name for file in bundle.weights.files),
        fingerprint=bundle.weights.fingerprint,
        sizes=sizes,
        context_length=network.context_length if generates else config.num_patches,
        vocabulary=network.vocab_size if generates else None,
        tokenizer=model.tokenizer.kind if model.tokenizer else None,
        abilities=tuple(sorted(model.abilities)),
        training=dict(training),
        notes=tuple(notes),
        tokenizer_fingerprint=model.tokenizer.fingerprint if model.tokenizer else None,
    )


def estimate_bytes(ref: str | Path, options: LoadOptions = LoadOptions()) -> int:
    """Bytes that a checkpoint's parameters will take, from headers or the catalogue, without reading weights.

    0 if nothing is known before the download.
    """
    dtype = dtype_of(options.dtype)
    path = existing_path(ref)
    if path is not None:
        bundle = open_bundle(path)
        return choose_dtype(bundle, options)[0].itemsize * stored_numbers(bundle)
    for family in families():
        published = family.published.get(str(ref))
        if published is not None:
            wide = 4 * published.parameters
            room = default_budget() if options.room is None else options.room
            narrow = dtype is None and wide > room
            return published.parameters * (NARROW if narrow else dtype or torch.float32).itemsize
    return 0


__all__ = ["LoadOptions", "UnknownFamily", "dtype_of", "estimate_bytes", "load_model", "open_bundle"]
