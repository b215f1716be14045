"""A variational autoencoder of small digits.

The grader owns the images and measures everything: it sends unseen digits to `encode` in one
process, draws the noise itself, and sends the codes to `decode` in another process, which has never
seen a digit. So all that `decode` knows about an image are the numbers of its code, and the KL term
says how much that is.

Images    x (N, 64) float32, 8x8 pixels: 0 background, 1 ink, nothing between
Places    the 64 pixels have changed places, alike in all images, in an order drawn for the hidden
          checks: weights are to be learnt here and not brought along. So use linear layers
Codes     mean, log_var, noise and z (N, Z) float32; log_var is the log of the variance
Logits    (N, 64) float32, raw: the probability of ink is sigmoid(logits)
Costs     in nats, one number for each image: sums over pixels and over the numbers of a code
Steps     1,000 with 64 images each; Z is 8
Limits    100,000 numbers in the state_dict; 30 CPU seconds on one thread for the training

No argument is changed in place. Not available here: torch.distributions and kl_div, since you write
what they hold.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn


def reparameterise(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    """(N, Z): turn standard normal noise (N, Z) into a draw from N(mean, variance).

    The gradient flows to mean and log_var.
    """
    raise NotImplementedError("reparameterise: your code goes here")


def kl_divergence(mean: Tensor, log_var: Tensor) -> Tensor:
    """(N,): KL( N(mean, variance) || N(0, 1) ) of each code, summed over its numbers, in nats."""
    raise NotImplementedError("kl_divergence: your code goes here")


def negative_elbo(logits: Tensor, x: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """(N,): what each image costs, in nats: its pixels, given the code, plus the KL of its code.

    The pixels cost -log p of ink where x is 1, and -log(1 - p) where it is 0, summed over all 64.
    Logits of 1000 and -1000 are legal: nothing overflows.
    """
    raise NotImplementedError("negative_elbo: your code goes here")


def make_model(latent: int) -> nn.Module:
    """An untrained network with an encoder and a decoder for codes of `latent` numbers.

    At most 100,000 numbers in its state_dict. Its inside is your affair: only your own functions
    call it.
    """
    raise NotImplementedError("make_model: your code goes here")


def encode(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """(mean, log_var) of the code of each image; nothing is drawn here.

    The model may be fresh from make_model, so in training mode. The answer for an image is the same
    whatever the other images are.
    """
    raise NotImplementedError("encode: your code goes here")


def decode(model: nn.Module, z: Tensor) -> Tensor:
    """(N, 64) logits of the pixels, from codes z (N, Z); nothing is drawn here either."""
    raise NotImplementedError("decode: your code goes here")


def train(model: nn.Module, get_batch: Callable[[], Tensor], steps: int) -> Iterator[float]:
    """Train `model` in place; a generator that yields the loss of each step.

    In each of the `steps` steps: call `get_batch()` once, which gives images (64, 64), take one
    optimiser step on their mean negative ELBO, and yield it as a float. Fresh noise in every step.
    """
    raise NotImplementedError("train: your code goes here")
