"""pixel-mae: text as an image, masked patches reconstructed (PIXEL, Rust et al. 2023; `Team-PIXEL/pixel-base`).

A ViT encoder sees a class token and the patches that are not hidden; a small decoder puts a mask token at the hidden
places and predicts every patch's pixels. Patches that the attention mask excludes are attended to by nobody.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground.errors import InvalidConfig, InvalidRequest
from playground.networks.layers import check_dimensions, check_divides, merge_heads, split_heads

EXCLUDED = -10000.0  # added to the attention score of a padding patch
DECODER_NORM_EPS = 1e-5  # the published decoder's last norm ignores layer_norm_eps


@dataclass(frozen=True)
class PixelMAEConfig:
    """Sizes of a pixel-mae network; the names are those of the published ``config.json``, with its defaults."""

    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    decoder_hidden_size: int = 512
    decoder_num_hidden_layers: int = 8
    decoder_num_attention_heads: int = 16
    decoder_intermediate_size: int = 2048
    image_size: tuple[int, int] = (16, 8464)
    patch_size: int = 16
    num_channels: int = 3
    qkv_bias: bool = True
    layer_norm_eps: float = 1e-12
    hidden_act: str = "gelu"
    mask_ratio: float = 0.25
    norm_pix_loss: bool = True

    def __post_init__(self):
        check_dimensions(
            "pixel-mae", hidden_size=self.hidden_size, num_hidden_layers=self.num_hidden_layers,
            num_attention_heads=self.num_attention_heads, intermediate_size=self.intermediate_size,
            decoder_hidden_size=self.decoder_hidden_size, decoder_num_hidden_layers=self.decoder_num_hidden_layers,
            decoder_num_attention_heads=self.decoder_num_attention_heads, patch_size=self.patch_size,
            decoder_intermediate_size=self.decoder_intermediate_size, num_channels=self.num_channels,
            image_height=self.image_size[0], image_width=self.image_size[1],
        )  # fmt: skip
        check_divides(
            "pixel-mae",
            hidden_size_per_num_attention_heads=(self.hidden_size, self.num_attention_heads),
            decoder_hidden_size_per_decoder_num_attention_heads=(
                self.decoder_hidden_size, self.decoder_num_attention_heads,
            ),
            image_height_per_patch_size=(self.image_size[0], self.patch_size),
            image_width_per_patch_size=(self.image_size[1], self.patch_size),
        )  # fmt: skip
        if self.hidden_act != "gelu":
            raise InvalidConfig(f"The pixel-mae config says hidden_act = {self.hidden_act!r}; only 'gelu' is known.")
        if type(self.mask_ratio) not in (int, float) or not 0 <= self.mask_ratio < 1:
            raise InvalidConfig(
                f"The pixel-mae config says mask_ratio = {self.mask_ratio!r}; it must be at least 0 and below 1."
            )
        if not isinstance(self.norm_pix_loss, bool):
            raise InvalidConfig(
                f"The pixel-mae config says norm_pix_loss = {self.norm_pix_loss!r}; it must be true or false."
            )

    @property
    def num_patches(self) -> int:
        return (self.image_size[0] // self.patch_size) * (self.image_size[1] // self.patch_size)

    @property
    def patch_values(self) -> int:
        """Numbers in one patch."""
        return self.patch_size**2 * self.num_channels


def sincos_positions(num_patches: int, width: int) -> Tensor:
    """Fixed position table, float32 ``(1 + num_patches, width)``, class token's row first, all zeros.

    2-D sine-cosine on a square grid of ``int(sqrt(num_patches))`` columns, though the image is one row: half of the
    width for the column, half for the row (He et al. 2022). Computed in float64.
    """
    columns = math.isqrt(num_patches)
    index = torch.arange(num_patches, dtype=torch.float64)
    frequencies = 10000.0 ** (-torch.arange(width // 4, dtype=torch.float64) / (width / 4))
    halves = []
    for position in (index % columns, index // columns):
        angles = torch.outer(position, frequencies)
        halves += [angles.sin(), angles.cos()]
    return torch.cat((torch.zeros(1, width), torch.cat(halves, dim=1).float()))


def to_patches(pixels: Tensor, patch_size: int) -> Tensor:
    """``(B, C, H, W)`` to ``(B, L, P * P * C)``: patches left to right, then down; in one, the channel is fastest."""
    rows, columns = pixels.shape[2] // patch_size, pixels.shape[3] // patch_size
    grid = pixels.unflatten(3, (columns, patch_size)).unflatten(2, (rows, patch_size))  # (B, C, rows, P, columns, P)
    return grid.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)


def from_patches(patches: Tensor, patch_size: int, rows: int = 1) -> Tensor:
    """The inverse of :func:`to_patches` for a picture of ``rows`` rows of patches."""
    columns = patches.shape[1] // rows
    grid = patches.reshape(patches.shape[0], rows, columns, patch_size, patch_size, -1)
    return grid.permute(0, 5, 1, 3, 2, 4).flatten(4).flatten(2, 3)


def standardise(patches: Tensor) -> Tensor:
    """Each patch ``(…, n)`` minus its mean, over the root of its unbiased variance plus 1e-6."""
    return (patches - patches.mean(-1, keepdim=True)) / (patches.var(-1, keepdim=True) + 1e-6).sqrt()


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, qkv_bias: bool):
        super().__init__()
        self.query = nn.Linear(width, width, bias=qkv_bias)
        self.key = nn.Linear(width, width, bias=qkv_bias)
        self.value = nn.Linear(width, width, bias=qkv_bias)
        self.output = nn.Linear(width, width)
        self.heads = heads

    def forward(self, x: Tensor, added: Tensor) -> Tensor:
        q, k, v = (split_heads(project(x), self.heads) for project in (self.query, self.key, self.value))
        return self.output(merge_heads(F.scaled_dot_product_attention(q, k, v, attn_mask=added)))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int, qkv_bias: bool, eps: float):
        super().__init__()
        self.layernorm_before = nn.LayerNorm(width, eps)
        self.attention = Attention(width, heads, qkv_bias)
        self.layernorm_after = nn.LayerNorm(width, eps)
        self.intermediate = nn.Linear(width, hidden)
        self.output = nn.Linear(hidden, width)

    def forward(self, x: Tensor, added: Tensor) -> Tensor:
        x = x + self.attention(self.layernorm_before(x), added)
        return x + self.output(F.gelu(self.intermediate(self.layernorm_after(x))))


def additive(attention_mask: Tensor, dtype: torch.dtype) -> Tensor:
    """``(B, L)`` of ones and zeros to ``(B, 1, 1, 1 + L)`` to add to scores; the class token in front is always in."""
    seen = F.pad(attention_mask.to(dtype), (1, 0), value=1.0)
    return ((1.0 - seen) * EXCLUDED)[:, None, None, :]


class Encoder(nn.Module):
    def __init__(self, config: PixelMAEConfig):
        super().__init__()
        width = config.hidden_size
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.position_embeddings = nn.Parameter(torch.empty(1, 1 + config.num_patches, width), requires_grad=False)
        self.projection = nn.Conv2d(config.num_channels, width, config.patch_size, config.patch_size)
        self.layers = nn.ModuleList(
            Block(width, config.num_attention_heads, config.intermediate_size, config.qkv_bias, config.layer_norm_eps)
            for _ in range(config.num_hidden_layers)
        )
        self.layernorm = nn.LayerNorm(width, config.layer_norm_eps)

    def forward(self, pixel_values: Tensor, attention_mask: Tensor, kept: Tensor) -> Tensor:
        x = self.projection(pixel_values).flatten(2).transpose(1, 2)  # (B, L, D)
        x = x + self.position_embeddings[:, 1 : 1 + x.shape[1]]
        x = x.gather(1, kept.unsqueeze(-1).expand(-1, -1, x.shape[2]))
        first = (self.cls_token + self.position_embeddings[:, :1]).expand(x.shape[0], -1, -1)
        x = torch.cat((first, x), dim=1)  # (B, 1 + kept, D)
        added = additive(attention_mask.gather(1, kept), x.dtype)
        for layer in self.layers:
            x = layer(x, added)
        return self.layernorm(x)


class Decoder(nn.Module):
    def __init__(self, config: PixelMAEConfig):
        super().__init__()
        width = config.decoder_hidden_size
        self.decoder_embed = nn.Linear(config.hidden_size, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.decoder_pos_embed = nn.Parameter(torch.empty(1, 1 + config.num_patches, width), requires_grad=False)
        self.decoder_layers = nn.ModuleList(
            Block(width, config.decoder_num_attention_heads, config.decoder_intermediate_size, config.qkv_bias,
                  config.layer_norm_eps)
            for _ in range(config.decoder_num_hidden_layers)
        )  # fmt: skip
        self.decoder_norm = nn.LayerNorm(width, DECODER_NORM_EPS)
        self.decoder_pred = nn.Linear(width, config.patch_values)

    def forward(self, latent: Tensor, attention_mask: Tensor, kept: Tensor) -> Tensor:
        y = self.decoder_embed(latent)
        batch, length = attention_mask.shape
        patches = self.mask_token.to(y.dtype).expand(batch, length, -1)
        patches = patches.scatter(1, kept.unsqueeze(-1).expand(-1, -1, y.shape[2]), y[:, 1:])
        x = torch.cat((y[:, :1], patches), dim=1) + self.decoder_pos_embed[:, : 1 + length]
        added = additive(attention_mask, x.dtype)
        for layer in self.decoder_layers:
            x = layer(x, added)
        return self.decoder_pred(self.decoder_norm(x))[:, 1:]


class PixelMAE(nn.Module):
    """The whole network."""

    def __init__(self, config: PixelMAEConfig):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def encode(self, pixel_values: Tensor, attention_mask: Tensor, kept: Tensor) -> Tensor:
        """Latents ``(B, 1 + K, D)`` of the class token and of the patches ``kept (B, K)``, in that order."""
        return self.encoder(pixel_values, attention_mask, kept)

    def forward(self, pixel_values: Tensor, attention_mask: Tensor, kept: Tensor) -> Tensor:
        """Predicted patches.

        Args:
            pixel_values: ``(B, C, H, W)``, 0 (black) to 1 (white), at most as many patches as the position tables.
            attention_mask: ``(B, L)``, 1 for text patches and separators, 0 for padding.
            kept: int64 ``(B, K)``, indices of the patches that the encoder sees; their order does not matter.

        Returns:
            ``(B, L, P * P * C)`` in the order of :func:`to_patches`; standardised pixels if trained so.
        """
        return self.decoder(self.encode(pixel_values, attention_mask, kept), attention_mask, kept)

    def predict_patches(self, pixel_values: Tensor, attention_mask: Tensor, mask: Tensor) -> Tensor:
        """:meth:`forward` that hides exactly the patches where ``mask (B, L)`` is 1, and no others.

        Rows may hide different numbers of patches; each is then computed by itself.
        """
        self._check(pixel_values, attention_mask, mask)
        hidden = mask.bool()
        counts = hidden.sum(1).tolist()
        if len(set(counts)) > 1:
            rows = [slice(i, i + 1) for i in range(len(counts))]
            return torch.cat([self.predict_patches(pixel_values[r], attention_mask[r], mask[r]) for r in rows])
        kept = hidden.int().argsort(dim=1, stable=True)[:, : mask.shape[1] - counts[0]]
        return self(pixel_values, attention_mask, kept)

    def _check(self, pixel_values: Tensor, attention_mask: Tensor, mask: Tensor) -> None:
        patch, channels, most = self.config.patch_size, self.config.num_channels, self.config.num_patches
        shape = tuple(pixel_values.shape)
        if len(shape) != 4 or shape[1] != channels or shape[2] % patch or shape[3] % patch or 0 in shape:
            raise InvalidRequest(
                f"pixel_values has shape {shape}, but this model takes (B, {channels}, H, W) in patches of {patch}."
            )
        patches = (shape[2] // patch) * (shape[3] // patch)
        if patches > most:
            raise InvalidRequest(f"The picture has {patches:,} patches, but this model reads at most {most:,}.")
        for name, value in (("attention_mask", attention_mask), ("mask", mask)):
            if tuple(value.shape) != (shape[0], patches):
                raise InvalidRequest(
                    f"{name} has shape {tuple(value.shape)}, but the picture's patches need {(shape[0], patches)}."
                )
            if not bool(((value == 0) | (value == 1)).all()):
                raise InvalidRequest(f"{name} must hold only 0 and 1.")

    def patch_loss(self, pixel_values: Tensor, predicted: Tensor) -> Tensor:
        """Mean squared error of each patch, ``(B, L)``, against the (standardised, if trained so) pixels."""
        target = to_patches(pixel_values, self.config.patch_size)
        if self.config.norm_pix_loss:
            target = standardise(target)
        return (predicted - target).square().mean(-1)
