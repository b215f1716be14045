import pytest

from grader.oracle.texts import page_of

FILES = [
    *(f"adr/{name}.md" for name in ("0001-pytorch", "0002-adamw", "appendix")),
    *(
        f"patterns/{name}.md"
        for name in ("autograd", "gradient-descent", "backpropagation", "attention-mechanism")
    ),
]


@pytest.mark.parametrize("name", FILES)
def check_file(submission, name):
    """{name} is there, and its first lines can be read."""
    page_of(submission, name)
