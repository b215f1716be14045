import torch

from grader.oracle import assert_close, assert_equal, assert_tensor, generator

REAL, FAKE = torch.tensor([2.0, 0.0]), torch.tensor([-1.0, 1.0])


def check_losses_by_hand(submission):
    """The two losses of the worked example."""
    got = submission.discriminator_loss(REAL, FAKE)
    assert_close(got, torch.tensor(1.2233), "discriminator_loss(real, fake)", atol=1e-4)
    got = submission.generator_loss(FAKE)
    assert_close(got, torch.tensor(0.8133), "generator_loss(fake)", atol=1e-4)


def check_shapes(submission):
    """Five rows of noise become five images in 0..1, and five logits."""
    z = torch.randn(5, 16, generator=generator(0))
    images = submission.generate(submission.make_generator(16), z)
    images = assert_tensor(images, "generate(generator, z)", shape=(5, 64), dtype=torch.float32)
    assert_equal(images.clamp(0, 1), images, "the images, clamped to 0..1")
    logits = submission.discriminate(submission.make_discriminator(), images)
    assert_tensor(logits, "discriminate(discriminator, images)", shape=(5,), dtype=torch.float32)
