from grader.oracle import Mismatch
from grader.oracle.texts import assert_words, page_of

PROGRAMS = {"jax": "attention_jax.py", "hf": "hf.py"}


def check_one_route(submission):
    """reflection.md names a route, and the program of that route alone is there."""
    route = page_of(submission, "reflection.md").field("route")
    there = [name for name in PROGRAMS.values() if name in submission]
    if route not in PROGRAMS or there != [PROGRAMS[route]]:
        raise Mismatch(f"the route is {route}, and there are {', '.join(there) or 'no programs'}")


def check_words(submission):
    """The reflection has 360 to 440 words."""
    assert_words(page_of(submission, "reflection.md").body, 360, 440, "reflection.md")
