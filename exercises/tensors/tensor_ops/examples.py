import torch

from grader.oracle import assert_close, assert_equal


def check_standardize_two_columns(submission):
    """The columns of the task: one varies, one is constant."""
    X = torch.tensor([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]])
    expected = torch.tensor([[-0.9258, 0.0], [-0.4629, 0.0], [1.3887, 0.0]])
    assert_close(submission.standardize(X), expected, "standardize(X)", atol=1e-4)


def check_distances_of_a_triangle(submission):
    """The sides of the triangle in the task, squared."""
    A, B = torch.tensor([[0.0, 0.0], [3.0, 0.0]]), torch.tensor([[3.0, 4.0]])
    expected = torch.tensor([[25.0], [16.0]])
    assert_close(submission.pairwise_sq_dists(A, B), expected, "pairwise_sq_dists(A, B)")


def check_two_heads_there_and_back(submission):
    """The eight numbers of the task in two heads, and merged again."""
    x = torch.arange(8.0).reshape(1, 2, 4)
    heads = torch.tensor([[[[0.0, 1.0], [4.0, 5.0]], [[2.0, 3.0], [6.0, 7.0]]]])
    assert_equal(submission.split_heads(x, 2), heads, "split_heads(x, 2)")
    assert_equal(submission.merge_heads(heads), x, "merge_heads(heads)")


def check_patches_of_one_channel(submission):
    """The 2 x 4 image of the task in two patches."""
    img = torch.arange(8.0).reshape(1, 1, 2, 4)
    patches = torch.tensor([[[0.0, 1.0, 4.0, 5.0], [2.0, 3.0, 6.0, 7.0]]])
    assert_equal(submission.patchify(img, 2), patches, "patchify(img, 2)")
