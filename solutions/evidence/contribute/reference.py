"""A small contribution, told with what it taught."""

FIELDS = {
    "link": "https://example.org/some-library/pull/12",
    "kind": "docs",
    "date": "2025-11-02",
    "learned": (
        "The page on learning rate schedulers did not say what happens after the last step, and I"
        " had lost an evening to a rate that rose again. I added one sentence and a plot. The"
        " reviewer asked for a test that keeps the sentence true, which I had not thought of:"
        " documentation can break as code does. It took three rounds and nine days. Next time I"
        " shall ask in an issue first whether the sentence is wanted at all."
    ),
}


def answer(question):
    return FIELDS[question.name]
