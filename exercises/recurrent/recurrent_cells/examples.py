import torch

from grader.oracle import assert_close, unpack

X = torch.tensor([[[1.0], [0.0]]])


def column(*numbers):
    return torch.tensor([[number] for number in numbers])


def check_lstm_by_hand(submission):
    """The two steps of the LSTM in the task."""
    gates = column(0.0, 0.0, 1.0, 0.0)
    zero = torch.zeros(4)
    got = submission.lstm(X, column(0.0), column(2.0), gates, gates, zero, zero)
    expected = torch.tensor([[[0.4406], [0.3575]]]), column(0.3575), column(0.8975)
    for name, mine, right in zip(("out", "h", "c"), unpack(got, 3, "lstm"), expected, strict=True):
        assert_close(mine, right, f"{name} of lstm", atol=1e-4)


def check_gru_by_hand(submission):
    """The step of the GRU in the task."""
    gates, zero = column(0.0, 0.0, 1.0), torch.zeros(3)
    got = submission.gru(X[:, :1], column(1.0), gates, gates, zero, torch.tensor([0.0, 0.0, 1.0]))
    _, h = unpack(got, 2, "gru")
    assert_close(h, column(0.9820), "h of gru", atol=1e-4)


def check_rnn_by_hand(submission):
    """An RNN with W_ih = 1, W_hh = 2, h0 = 1/2: tanh(1 + 1) = 0.9640, then tanh(1.928) = 0.9586."""
    one, two, zero = column(1.0), column(2.0), torch.zeros(1)
    out, _ = unpack(submission.rnn(X, column(0.5), one, two, zero, zero), 2, "rnn")
    assert_close(out, torch.tensor([[[0.9640], [0.9586]]]), "out of rnn", atol=1e-4)


def check_sizes_of_bidirectional(submission):
    """Two directions of 4 numbers give 8 at each step."""
    given = torch.zeros(2, 4), torch.ones(4, 3), torch.ones(4, 4), torch.zeros(4), torch.zeros(4)
    got = submission.bidirectional("rnn", torch.zeros(2, 5, 3), given, given)
    assert_close(got, torch.zeros(2, 5, 8), "bidirectional of zeros")
