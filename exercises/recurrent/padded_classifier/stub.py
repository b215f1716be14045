"""A classifier that does not see padding. Edit this file, then run `grade padded_classifier`.

A batch of sentences of different lengths is one tensor x (B, T), int64: each row holds the ids of
one sentence, and then padding up to T. lengths (B,), int64, says where each ends; rows come in any
order. Only the first lengths[b] ids of row b count. What stands behind them is padding, usually id
0, but any other id there changes nothing either. Inside a sentence there is no id 0.
"""

from torch import Tensor, nn


class LSTMClassifier(nn.Module):
    """Embedding, bidirectional LSTM of several layers, and a linear layer on its two last states.

    The parts have these names, since the checks load states by name:
        embed  nn.Embedding(vocab, emb_dim) whose row 0, the padding, is zeros and never trained
        lstm   nn.LSTM of n_layers, bidirectional, with batch_first
        head   nn.Linear(2 * hidden, n_classes)

    Of the last layer, the forward direction's state after the last real token and the backward
    direction's state after the first token, which it reads last, are put beside each other, in this
    order: (B, 2 * hidden). Dropout with probability `dropout` stands between the layers of the LSTM
    (nn.LSTM has an argument for it) and on those 2 * hidden numbers; in training only.
    """

    def __init__(
        self,
        vocab: int,
        emb_dim: int,
        hidden: int,
        n_classes: int,
        n_layers: int = 2,
        dropout: float = 0.3,
    ) -> None:
        raise NotImplementedError("LSTMClassifier: your code goes here")

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Shapes: x (B, T) int64, lengths (B,) int64 in 1..T; logits (B, n_classes).

        Raises: ValueError naming `lengths`, if one of them is below 1 or above T.
        """
        raise NotImplementedError("LSTMClassifier.forward: your code goes here")


def fit(model: nn.Module, batches: list[tuple[Tensor, Tensor, Tensor]]) -> list[float]:
    """Train the model in place: one optimiser step on each batch, in order; the optimiser is yours.

    The loss is the cross-entropy of model(x, lengths) and y. The checks bring 120 batches of 32
    sentences, and then ask the model about others. Which words say the class is drawn for the
    hidden checks, because weights are to be learnt here and not brought along.
    Shapes: each batch is x (B, T), lengths (B,), y (B,) int64 in 0..n_classes-1.
    Returns: the loss of each step, before the step was taken.
    """
    raise NotImplementedError("fit: your code goes here")
