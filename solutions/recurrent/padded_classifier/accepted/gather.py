"""Sorts, packs, unpacks, puts the rows back, and takes each direction at its own end."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class LSTMClassifier(nn.Module):
    def __init__(self, vocab, emb_dim, hidden, n_classes, n_layers=2, dropout=0.3):
        super().__init__()
        self.embed = nn.Embedding(vocab, emb_dim, padding_idx=0)
        rate = dropout * (n_layers > 1)
        self.lstm = nn.LSTM(
            emb_dim, hidden, n_layers, batch_first=True, bidirectional=True, dropout=rate
        )
        self.head = nn.Linear(2 * hidden, n_classes)
        self.rate, self.hidden = dropout, hidden

    def forward(self, x, lengths):
        if ((lengths < 1) | (lengths > x.size(1))).any():
            raise ValueError("bad lengths")
        order = lengths.argsort(descending=True)
        packed = pack_padded_sequence(self.embed(x)[order], lengths[order], batch_first=True)
        out, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        out = out[order.argsort()]
        rows = torch.arange(x.size(0))
        last = out[rows, lengths - 1, : self.hidden]
        first = out[:, 0, self.hidden :]
        ends = F.dropout(torch.cat((last, first), dim=-1), self.rate, self.training)
        return self.head(ends)


def fit(model, batches):
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    criterion = nn.CrossEntropyLoss()
    history = []
    for words, lengths, target in batches:
        model.train()
        optimiser.zero_grad()
        loss = criterion(model(words, lengths), target)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        history.append(float(loss))
    return history
