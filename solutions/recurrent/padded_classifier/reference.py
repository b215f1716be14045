"""A classifier that does not see padding: the LSTM is given packed sentences."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence


class LSTMClassifier(nn.Module):
    def __init__(
        self,
        vocab: int,
        emb_dim: int,
        hidden: int,
        n_classes: int,
        n_layers: int = 2,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocab, emb_dim, padding_idx=0)
        self.lstm = nn.LSTM(
            emb_dim,
            hidden,
            n_layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if n_layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * hidden, n_classes)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Of packed sentences, the last states are those at the real ends: layers in pairs."""
        if lengths.min() < 1 or lengths.max() > x.shape[1]:
            raise ValueError(f"lengths must lie in 1..{x.shape[1]}, not {lengths.tolist()}")
        words = pack_padded_sequence(self.embed(x), lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(words)
        ends = torch.cat([h[-2], h[-1]], 1)
        return self.head(self.dropout(ends))


def fit(model: nn.Module, batches: list[tuple[Tensor, Tensor, Tensor]]) -> list[float]:
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model.train()
    losses = []
    for x, lengths, y in batches:
        loss = cross_entropy(model(x, lengths), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses
