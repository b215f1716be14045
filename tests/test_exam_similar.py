from __future__ import annotations

from contextlib import closing

import pytest
from sample_essays import essay

from grader.exam import place
from grader.exam.similar import pairs
from grader.exam.ticket import Ticket
from grader.sitting import ManualClock, bundle, log
from grader.sitting import exam as definition
from grader.sitting.exam import Accommodation

EXAM = b"""exam: talk
parts:
  - {name: say, form: essay, seconds: 600, points: 20, files: [essay.md]}
pass: {total: 1}
"""


@pytest.fixture
def hand_in(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "BALLAST", 1 << 16)

    def handed_in(learner, text):
        ticket = Ticket(
            definition=EXAM,
            sha256=definition.parse(EXAM, "exam.yaml").sha256,
            learner=learner,
            level="own",
            number="n",
            seed=7,
            accommodation=Accommodation(),
            key=bytes(32),
            papers={"say": {}},
        )
        clock = ManualClock()
        desk = place.start(ticket, tmp_path, clock)
        with closing(desk.sitting(clock)) as sitting:
            sitting.open("say")
            (desk.folder / "essay.md").write_text(text)
            sitting.submit("say")
            sitting.next()
            bundle.write(sitting.log, tmp_path / f"{learner}.bundle")
        return tmp_path / f"{learner}.bundle"

    return handed_in


def test_a_copy_with_other_numbers_is_alike_and_essays_written_apart_are_not(hand_in):
    written = {"ada": essay("good"), "bob": essay("good", 8), "eve": essay("non_native")}
    found = pairs([hand_in(*each) for each in written.items()], 0.4)
    ((one, other, alike),) = found
    assert [(each.task, each.learner) for each in (one, other)] == [("say", "ada"), ("say", "bob")]
    assert alike.share > 0.9
    shared = sum(stop - start for start, stop in alike.one)
    assert alike.one[0][0] < 10 and shared > len(one.text)  # runs overlap
