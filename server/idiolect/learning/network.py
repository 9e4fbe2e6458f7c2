"""The network in torch, as it is trained.

`idiolect.bundle.soundness.weight_shapes` lists its weights; `idiolect.language` runs the same network without
torch, and the two agree to 1e-4 in the logits.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from idiolect.bundle.soundness import weight_shapes
from idiolect.learning.settings import ModelShape

__all__ = ["Network", "Output"]

EPSILON = 1e-5  # under the root of the norm
LOG_VARIANCE = (-6.0, 4.0)
SMALL = 0.02  # standard deviation of fresh weights


class Output:
    """What the network says about the step after each step."""

    def __init__(self, network: "Network", hidden: Tensor) -> None:
        self._network = network
        self.hidden = hidden  # (batch, time, width)

    def logits(self) -> Tensor:
        """Give scores over the tokens of all scales, (batch, time, tokens)."""
        return functional.linear(self.hidden, self._network.head, self._network.head_bias)

    def descriptors(self, token: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and log variance of the next descriptors, given the next token.

        Parameters
        ----------
        token : int64[batch, time]
            Global id of the next token.
        """
        net = self._network
        mean = functional.linear(self.hidden, net.mean_head) + net.mean_bias[token]
        spread = functional.linear(self.hidden, net.log_variance_head)
        return mean, (spread + net.log_variance_bias[token]).clamp(*LOG_VARIANCE)


class Network(nn.Module):
    """A causal transformer that reads sounded units, and the class of what comes next.

    Parameters
    ----------
    shape
        Layers, width, heads, window.
    tokens, descriptors, scales
        Tokens of all scales together, descriptor columns, scales.
    dropout
        Share of activations dropped while training.
    """

    token_embedding: Tensor
    descriptor_projection: Tensor
    scale_embedding: Tensor
    parent_embedding: Tensor
    attention_norm: Tensor
    qkv: Tensor
    attention_out: Tensor
    mlp_norm: Tensor
    mlp_in: Tensor
    mlp_out: Tensor
    final_norm: Tensor
    head: Tensor
    head_bias: Tensor
    mean_head: Tensor
    mean_bias: Tensor
    log_variance_head: Tensor
    log_variance_bias: Tensor

    def __init__(
        self, shape: ModelShape, tokens: int, descriptors: int, scales: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.shape, self.tokens, self.dropout = shape, tokens, dropout
        for name, size in weight_shapes(shape.as_model(), tokens, descriptors, scales).items():
            self.register_parameter(name, nn.Parameter(torch.zeros(size)))

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.head.device

    def initialise(self, seed: int) -> None:
        """Draw small weights; heads stay 0, so that at first only their biases speak."""
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if name.endswith("_norm"):
                    weight.fill_(1.0)
                elif name.startswith(("head", "mean", "log_variance")):
                    weight.zero_()
                else:
                    weight.normal_(0.0, SMALL, generator=generator)

    def forward(
        self, token: Tensor, descriptors: Tensor, present: Tensor, scale: Tensor, parent: Tensor
    ) -> Output:
        """Read steps that sounded.

        Parameters
        ----------
        token : int64[batch, time]
            Global ids; the number of tokens stands for "nothing yet".
        descriptors : float32[batch, time, descriptors]
            Standardised, 0 where missing.
        present : float32[batch, time, descriptors]
            1 where known.
        scale : int64[batch, time]
            Index of each step's scale.
        parent : int64[batch, time]
            Global id of the token of the next unit's parent; the number of tokens: nobody says.
        """
        x = functional.embedding(token, self.token_embedding)
        both = torch.cat([descriptors, present], dim=-1)
        x = x + functional.linear(both, self.descriptor_projection)
        x = x + functional.embedding(scale, self.scale_embedding)
        x = self._drop(x + functional.embedding(parent, self.parent_embedding))
        bias = self._distances(scale)
        for layer in range(self.shape.layers):
            seen = _norm(x) * self.attention_norm[layer]
            x = x + self._drop(self._attend(seen, layer, bias))
            seen = functional.linear(_norm(x) * self.mlp_norm[layer], self.mlp_in[layer])
            x = x + self._drop(functional.linear(functional.silu(seen), self.mlp_out[layer]))
        return Output(self, self._drop(_norm(x) * self.final_norm))

    def _drop(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training)

    def _distances(self, scale: Tensor) -> Tensor:
        """Give what is added to the scores, ALiBi within the window.

        It is (1, heads, time, time), or of every row of its own where scales have windows.
        """
        steps = torch.arange(scale.shape[1], device=self.device)
        distance = (steps[:, None] - steps[None, :]).to(torch.float32)
        heads = torch.arange(1, self.shape.heads + 1, dtype=torch.float32, device=self.device)
        slope = torch.pow(2.0, -8.0 * heads / self.shape.heads)
        outside = (distance < 0) | (distance >= self._windows(scale))
        bias = -slope[None, :, None, None] * distance
        return bias.masked_fill(outside, float("-inf"))

    def _windows(self, scale: Tensor) -> Tensor | int:
        """Give the steps that each step sees, (batch, 1, time, 1), or one number for all."""
        if not self.shape.windows:
            return self.shape.window
        return torch.tensor(self.shape.windows, device=self.device)[scale][:, None, :, None]

    def _attend(self, x: Tensor, layer: int, bias: Tensor) -> Tensor:
        batch, time, width = x.shape
        heads = self.shape.heads
        parts = functional.linear(x, self.qkv[layer]).view(batch, time, 3, heads, width // heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        mixed = mixed.transpose(1, 2).reshape(batch, time, width)
        return functional.linear(mixed, self.attention_out[layer])


def _norm(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + EPSILON)
