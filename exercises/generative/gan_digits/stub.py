"""A small generative adversarial network: one network draws digits, the other one judges them.

The grader owns the digits and measures the drawings: it loads your generator in a new process,
gives it noise of its own, and shows the images to a classifier that it has trained itself.

Images    (N, 64) float32 in 0..1, 8x8 grey pixels, 1 is ink
Places    the 64 pixels have changed places, alike in all images, in an order drawn for the hidden
          checks: weights are to be learnt here and not brought along. So use linear layers
Noise     z (N, Z) float32, standard normal numbers; Z is 16
Logits    (N,) float32, raw: large where the discriminator believes that an image is real
Steps     1,500 with 64 images each: one of the discriminator, then one of the generator
Limits    40,000 numbers in the generator's state_dict, 100,000 in the discriminator's;
          40 CPU seconds on one thread for the training

The networks draw no random numbers and have no batch statistics: dropout and batch normalisation
are not available here, so that each step can be repeated and compared.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """(): the mean of -log sigmoid(real) plus the mean of -log(1 - sigmoid(fake)).

    Shapes: (N,) and (M,). Logits of 1000 and -1000 are legal: nothing overflows.
    """
    raise NotImplementedError("discriminator_loss: your code goes here")


def generator_loss(fake_logits: Tensor) -> Tensor:
    """(): the mean of -log sigmoid(fake), the non-saturating loss. Logits of 1000 are legal."""
    raise NotImplementedError("generator_loss: your code goes here")


def make_generator(latent: int) -> nn.Module:
    """An untrained generator for noise of `latent` numbers; float32, at most 40,000 numbers."""
    raise NotImplementedError("make_generator: your code goes here")


def make_discriminator() -> nn.Module:
    """An untrained discriminator; float32, at most 100,000 numbers."""
    raise NotImplementedError("make_discriminator: your code goes here")


def make_optimizers(
    generator: nn.Module, discriminator: nn.Module
) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """One optimiser for each network, the generator's first; neither knows the other's weights."""
    raise NotImplementedError("make_optimizers: your code goes here")


def generate(generator: nn.Module, z: Tensor) -> Tensor:
    """(N, 64) images in 0..1, from noise z (N, Z). The same z gives the same image."""
    raise NotImplementedError("generate: your code goes here")


def discriminate(discriminator: nn.Module, images: Tensor) -> Tensor:
    """(N,) raw logits of images (N, 64), each judged by itself."""
    raise NotImplementedError("discriminate: your code goes here")


def discriminator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimizer: torch.optim.Optimizer,
    real: Tensor,
    z: Tensor,
) -> float:
    """One step of the discriminator on real images (N, 64) and on those drawn from z (M, Z).

    Args: optimizer, the discriminator's. What earlier calls left in its gradients has no say.
    The generator stays as it is, and no gradient is left in it.
    Returns: the discriminator loss before the step.
    """
    raise NotImplementedError("discriminator_step: your code goes here")


def generator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimizer: torch.optim.Optimizer,
    z: Tensor,
) -> float:
    """One step of the generator, which wants the images drawn from z (M, Z) to be taken for real.

    Args: optimizer, the generator's. What earlier calls left in its gradients has no say.
    The discriminator's weights stay as they are.
    Returns: the generator loss before the step.
    """
    raise NotImplementedError("generator_step: your code goes here")


def train(
    generator: nn.Module,
    discriminator: nn.Module,
    get_batch: Callable[[], Tensor],
    latent: int,
    steps: int,
) -> Iterator[tuple[float, float]]:
    """Train both in place; a generator function that yields the two losses of each step.

    In each of the `steps` steps: call `get_batch()` once, which gives real images (64, 64), take
    one step of the discriminator and one of the generator, each on fresh noise (64, latent), and
    yield (discriminator loss, generator loss).
    """
    raise NotImplementedError("train: your code goes here")
