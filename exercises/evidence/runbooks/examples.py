import pytest

from grader.oracle.texts import assert_sections, assert_words, page_of

SECTIONS = ["Confirm", "Likely causes", "Fix steps", "Verify", "Prevent", "Last drill"]


@pytest.mark.parametrize("name", ["gpu_out_of_memory", "nan_loss", "checkpoint_will_not_load"])
def check_structure(submission, name):
    """{name}.md has its sections in order, and 150 to 600 words."""
    page = page_of(submission, f"{name}.md")
    assert_sections(page, SECTIONS)
    assert_words(page.body, 150, 600, f"{name}.md")
